import { decodeRecord, encodeRecord, type LogRecord } from "@engram/wal-replication";

/** The origin whose bytes are all `fill`. */
export function originOf(fill: number): Uint8Array {
  return new Uint8Array(16).fill(fill);
}

/** A record recognisable by `number`, of one of three origins in one of four streams. */
export function numbered(number: number, bodyBytes = 20): LogRecord {
  const body = new Uint8Array(bodyBytes).map((_, at) => (at % 7 === 0 ? number : 0));
  return { stream: number % 4, origin: originOf(number % 3), sequence: number, context: [], body };
}

export function numberedEnvelope(number: number, bodyBytes = 20): Uint8Array {
  return encodeRecord(numbered(number, bodyBytes));
}

export function decoded(envelope: Uint8Array): LogRecord {
  const result = decodeRecord(envelope);
  if (!result.ok) throw new Error(result.reason);
  return result.record;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
