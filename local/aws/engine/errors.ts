/** An SQS or SNS action that was refused, with AWS's error code and HTTP status. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = status;
  }
}

/** The engine's port belongs to another program. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  readonly port: number;

  constructor(port: number, options?: ErrorOptions) {
    super(
      `Port ${port} on 127.0.0.1 is taken by another program (perhaps another local platform). ` +
        'Stop that one, or choose a port that is free with --port N (0 takes any).',
      options,
    );
    this.port = port;
  }
}
