import type { Stream } from "./stream.ts";

/** What the world drives: one process on one host, made by a {@link Boot}. */
export interface Program {
  /** When {@link handleTimeout} is due, in the host's monotonic milliseconds; undefined: never. */
  readonly deadline: number | undefined;
  handleTimeout(now: number): void;
  /** A packet came in. Its bytes are the program's own. */
  handlePacket?(packet: PacketInput, now: number): void;
  /** Something happened on a stream. Programs without it refuse connections. */
  handleStream?(event: StreamEvent, now: number): void;
  /** Carries out every output of the core; called after each input and before the next one. */
  drain?(): void;
}

export interface PacketInput {
  readonly from: string;
  readonly bytes: Uint8Array;
  readonly protocol: string;
}

/** What happens on a stream. `close` comes exactly once, and last. */
export type StreamEvent =
  | { readonly type: "open" | "accept" | "end" | "drain"; readonly stream: Stream }
  | { readonly type: "data"; readonly stream: Stream; readonly bytes: Uint8Array }
  | { readonly type: "close"; readonly stream: Stream; readonly reason: CloseReason };

/**
 * `ended`: both sides finished. `reset`: the other side, or its kernel, cut it. `refused`: nobody
 * listens. `timeout`: no answer.
 */
export type CloseReason = "ended" | "reset" | "refused" | "timeout";

/** What the trace says of an event. */
export function payloadOf(event: StreamEvent): Uint8Array | string {
  if (event.type === "data") return event.bytes;
  return event.type === "close" ? event.reason : event.stream.peer;
}

/** A core as house style has it: inputs carry `now`, outputs are polled, time is asked for. */
export interface Core<Output> {
  readonly deadline: number | undefined;
  handleTimeout(now: number): void;
  handleMessage?(from: string, bytes: Uint8Array, now: number): void;
  poll(): Output | undefined;
}

/** More outputs than this from one input mean that `poll` never ends. */
const outputsMax = 1_000_000;

/**
 * Drives a core with packets and time, and hands each output to `perform`. Everything a core may
 * not rely on is kept from it: it is polled dry after every input, and no input comes in between.
 */
export function drive<Output>(core: Core<Output>, perform: (output: Output) => void): Program {
  return {
    get deadline() {
      return core.deadline;
    },
    handleTimeout: (now) => core.handleTimeout(now),
    handlePacket: ({ from, bytes }, now) => core.handleMessage?.(from, bytes, now),
    drain() {
      for (let left = outputsMax; left > 0; left--) {
        const output = core.poll();
        if (output === undefined) return;
        perform(output);
      }
      throw new Error(`a core gave ${outputsMax} outputs to one input`);
    },
  };
}
