// What an I/O thread loads by its URL to go through collections.
export { createFlow } from './collection-journey.js';
