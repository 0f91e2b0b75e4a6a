// Loaded before a service (`node --import`): where the supervisor dies without a word, the kernel closes this channel, and
// the service ends as if it had been asked to, so that no orphan stays behind.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
