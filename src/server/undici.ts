// Imported only when it is needed. Not undici itself: a bundler gives a dynamic import of CommonJS no named exports.
export { Agent, request } from 'undici';
