<?php
// What webapp answers to one request. A pod's containers have the pod's name as their host name.

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/';
header('Content-Type: text/plain');
if ($path === '/') {
    $status = 200;
    echo getenv('GREETING') ?: 'Hello', ' from ', gethostname(), "\n";
} else {
    $status = 404;
    echo "nothing at $path\n";
}
http_response_code($status);

// Whom a proxy says that it asks for. Anybody can send this header.
$for = $_SERVER['HTTP_X_FORWARDED_FOR'] ?? '';
$line = strtr(getenv('FORMAT') ?: '%t %a %m %p %s' . ($for === '' ? '' : ' for %f'), [
    '%t' => date('c'),
    '%a' => $_SERVER['REMOTE_ADDR'],
    '%m' => $_SERVER['REQUEST_METHOD'],
    '%p' => $_SERVER['REQUEST_URI'],
    '%s' => $status,
    '%f' => $for,
]) . "\n";
if (!getenv('QUIET')) {
    file_put_contents('php://stdout', $line);
}
if (getenv('LOG')) {
    file_put_contents(getenv('LOG'), $line, FILE_APPEND);
}
