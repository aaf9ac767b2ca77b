export const memoryTypes = ["semantic", "episodic", "procedural"] as const;
export type MemoryType = (typeof memoryTypes)[number];

/** What only an episode has: the circumstances of something that happened. */
export interface EpisodeDetails {
  readonly location?: string;
  readonly participants: readonly string[];
  readonly why?: string;
  readonly how?: string;
  /** -1 (bad) to 1 (good). */
  readonly valence?: number;
}

/** What the client said. Two requests with equal fields are the same request. */
export interface MemoryFields {
  readonly content: string;
  /** Sorted, without repeats. */
  readonly tags: readonly string[];
  readonly type: MemoryType;
  /** Trust in the memory when it was stored, in [0, 1]. */
  readonly confidence: number;
  readonly confidenceReasoning?: string;
  /** Wall clock, milliseconds since 1970: when it was observed, if the client said so. */
  readonly observedAt?: number;
  readonly episode?: EpisodeDetails;
}

/** One thing that was said under an id: when it was first recorded, and in which space of the name. */
export interface MemoryVersion {
  readonly recordedAt: number;
  /** 16 bytes. */
  readonly uid: Uint8Array;
  readonly fields: MemoryFields;
}

/**
 * The fold of every record of one id. Forgetting is final: `forgotten` has no way back and keeps no
 * content. More than one version means that the id was given different contents by writers who
 * had not seen each other; the first is the one shown.
 */
export type MemoryState =
  | { readonly type: "forgotten"; readonly forgottenAt: number }
  | {
      readonly type: "remembered";
      readonly versions: readonly [MemoryVersion, ...MemoryVersion[]];
    };

/** A memory as it is shown. */
export interface Memory extends MemoryFields {
  readonly id: string;
  readonly recordedAt: number;
  /** The client's time, or the time of recording. */
  readonly observedAt: number;
  /** Contents that lost to this one under the same id. 0 but for concurrent writers. */
  readonly siblings: number;
}

/** A tenant's isolated memory. `uid` tells it from an earlier or concurrent space of the same name. */
export interface Space {
  readonly name: string;
  /** 16 bytes. */
  readonly uid: Uint8Array;
  readonly createdAt: number;
}

interface EffectBase {
  /** The space by name, and the uid it had where the effect was accepted. */
  readonly space: string;
  readonly uid: Uint8Array;
  readonly recordedAt: number;
}

/** What a log record does. Replicas apply effects; they never recompute what a client intended. */
export type Effect =
  | (EffectBase & {
      readonly type: "remember";
      readonly id: string;
      readonly fields: MemoryFields;
    })
  | (EffectBase & { readonly type: "forget"; readonly id: string })
  | (EffectBase & { readonly type: "create-space" });
