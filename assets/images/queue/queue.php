<?php
// What producer and consumer share: the queue's key, and a quick end on SIGTERM.

// Everybody who knows the key reaches the queue of its IPC namespace. `ipcs -q` shows this one as 0x71756575, "queu".
const KEY = 0x71756575;

// The kernel spares PID 1 a signal that it has no handler for, so there is one for each signal that asks for an end.
pcntl_async_signals(true);
foreach ([SIGTERM => 143, SIGINT => 130] as $signal => $code) {
    pcntl_signal($signal, fn () => exit($code));
}

function fail(string $why): never
{
    global $argv;
    fwrite(STDERR, basename($argv[0]) . ": $why\n");
    exit(1);
}

// env returns a number from the environment: a pause in seconds, a count.
function env(string $name, string $default): string
{
    $value = getenv($name) === false ? $default : getenv($name);
    return is_numeric($value) && $value >= 0 ? $value : fail("$name=$value is no number");
}
