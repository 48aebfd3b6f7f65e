export const exitCodes = {
  done: 0,
  /** Something was tried and failed. */
  failed: 1,
  /** Nothing was tried. */
  usage: 2,
} as const;
