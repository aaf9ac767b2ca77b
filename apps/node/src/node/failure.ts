/** Exit codes, after sysexits.h, so that scripts and supervisors can tell failures apart. */
export const exitCodes = {
  usage: 64,
  unavailable: 69,
  software: 70,
  io: 74,
  busy: 75,
  config: 78,
} as const;

/**
 * Why a node cannot start, or a command cannot be done: a setting is wrong, the port is taken, another
 * node uses the data directory, what is in it cannot be read, the system refuses, no node answers, or
 * it says no.
 *
 * @public
 */
export type NodeFailureCode =
  | "BAD_CONFIG"
  | "PORT_TAKEN"
  | "DATA_LOCKED"
  | "DATA_DAMAGED"
  | "IO"
  | "UNREACHABLE"
  | "REFUSED";

const exitCodeOf: Readonly<Record<NodeFailureCode, number>> = {
  BAD_CONFIG: exitCodes.config,
  PORT_TAKEN: exitCodes.busy,
  DATA_LOCKED: exitCodes.busy,
  DATA_DAMAGED: exitCodes.io,
  IO: exitCodes.io,
  UNREACHABLE: exitCodes.unavailable,
  REFUSED: 1,
};

/**
 * An operating failure of a node. Match {@link NodeFailure.code}; the message is one line that says what
 * to do, and may change.
 *
 * @public
 */
export class NodeFailure extends Error {
  /** Always `NodeFailure`. */
  override name = "NodeFailure";
  /** The reason, stable across minor versions. */
  readonly code: NodeFailureCode;

  /** `cause` is the error beneath. */
  constructor(code: NodeFailureCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }

  /** What the `engram` command exits with, after sysexits.h. */
  get exitCode(): number {
    return exitCodeOf[this.code];
  }
}

/** The system's word for what went wrong, as in `EACCES`. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
