// What an I/O thread loads by its URL to follow k6 scripts.
export { createFlow } from './k6-flow.js';
