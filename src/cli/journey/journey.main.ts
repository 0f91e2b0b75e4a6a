// What an I/O thread loads by its URL to run scenarios as journeys.
export { createFlow } from './scenario-journey.js';
