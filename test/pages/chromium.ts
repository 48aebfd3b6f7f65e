/** Debian's; where there is none, the tests that need it are skipped. */
export const chromiumPath = '/usr/bin/chromium';

export const chromiumArguments =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(
    ' ',
  );
