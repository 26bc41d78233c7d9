package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
)

// items is what a selection holds at one moment, by name.
type items map[string]*unstructured.Unstructured

// until follows what the field selector chooses and returns when done says so, or fails. It asks once and then only listens.
func until(ctx context.Context, resource dynamic.ResourceInterface, selector string, done func(items) (bool, error)) error {
	for {
		list, err := resource.List(ctx, metav1.ListOptions{FieldSelector: selector})
		if err != nil {
			return unanswered(err)
		}
		now := items{}
		for i := range list.Items {
			now[list.Items[i].GetName()] = &list.Items[i]
		}
		if ok, err := done(now); ok || err != nil {
			return err
		}
		w, err := resource.Watch(ctx, metav1.ListOptions{FieldSelector: selector, ResourceVersion: list.GetResourceVersion()})
		if err != nil {
			return unanswered(err)
		}
		if ok, err := follow(ctx, w, now, done); ok || err != nil {
			return err
		}
	}
}

// follow keeps now up to date until done says so. It returns false when the watch ended before that.
func follow(ctx context.Context, w watch.Interface, now items, done func(items) (bool, error)) (bool, error) {
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, &waited{ctx.Err()}
		case event, open := <-w.ResultChan():
			object, known := event.Object.(*unstructured.Unstructured)
			if !open || !known || event.Type == watch.Error {
				return false, nil
			}
			if event.Type == watch.Deleted {
				delete(now, object.GetName())
			} else {
				now[object.GetName()] = object
			}
			if ok, err := done(now); ok || err != nil {
				return ok, err
			}
		}
	}
}

// gone waits until no object has the name and, where uid is not "", this uid.
func gone(ctx context.Context, resource dynamic.ResourceInterface, name, uid string) error {
	return until(ctx, resource, "metadata.name="+name, func(now items) (bool, error) {
		object, there := now[name]
		return !there || (uid != "" && string(object.GetUID()) != uid), nil
	})
}
