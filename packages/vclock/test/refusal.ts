import { VclockError } from "@engram/vclock";

/** The code of the VclockError that `action` throws, the name of another error, or undefined. */
export function refusal(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof VclockError ? error.code : (error as Error).name;
  }
}
