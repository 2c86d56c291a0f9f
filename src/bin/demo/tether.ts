/**
 * Loaded into the gateway's process: ends it in good order when the demo that started it is gone.
 */
process.stdin.once('close', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
(process.stdin as unknown as { unref(): void }).unref();
