// What a pod of a distributed run executes: `node shard.main.js PORT`.
import { ShardAgent } from './shard-agent.js';

const agent = new ShardAgent((code) => process.exit(code));
agent.listen(Number(process.argv[2]));
// A pod that is deleted ends at once: its conductor reports it as lost.
process.once('SIGTERM', () => process.exit(1));
