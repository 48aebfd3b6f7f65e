/** Whether SQS says that a message was deleted, or is visible again or somebody else's: asking again is pointless. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && goneCodes.has(error.name);
}

/** Whether other credentials could help. */
export function isAboutCredentials(error: unknown): boolean {
  return error instanceof Error && (credentialCodes.has(error.name) || /credential/i.test(error.name));
}

const goneCodes: ReadonlySet<string> = new Set([
  'ReceiptHandleIsInvalid',
  'MessageNotInflight',
  'InvalidParameterValue',
]);

const credentialCodes: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);
