/** For processes that inherit nothing of this one's environment: what Node compiles is kept where jest.config.js says. */
export const compileCache = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '' };
