import { randomBytes } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { fromHex, toHex } from "../engine/bytes.ts";
import { isRecord } from "../engine/fields.ts";
import { messageOf, NodeFailure, systemCode } from "./failure.ts";

/** Who this process is: the node part stays with the data directory, the origin is this life's. */
export interface Identity {
  /** 8 bytes in hex. */
  readonly node: string;
  /** 16 bytes: the node part and a fresh nonce. Never used by another life. */
  readonly origin: Uint8Array;
}

/**
 * Mints this life's origin and makes it durable before it is used: a record must never carry an
 * origin that a restored or copied directory could mint again.
 */
export async function mintIdentity(directory: string): Promise<Identity> {
  const file = join(directory, "identity.json");
  const node = (await readNode(file)) ?? randomBytes(8).toString("hex");
  const origin = new Uint8Array(16);
  origin.set(fromHex(node), 0);
  origin.set(randomBytes(8), 8);
  const content = `${JSON.stringify({ version: 1, node, origin: toHex(origin) })}\n`;
  await writeDurably(directory, file, content);
  return { node, origin };
}

async function readNode(file: string): Promise<string | undefined> {
  let content: string;
  try {
    content = await readFile(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const identity = parseIdentity(file, content);
  const { version, node } = identity;
  if (version !== 1 || typeof node !== "string" || !/^[0-9a-f]{16}$/.test(node)) {
    throw new NodeFailure("DATA_DAMAGED", `${file} is not an identity this version can read`);
  }
  return node;
}

function parseIdentity(file: string, content: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(content);
    if (isRecord(value)) return value;
  } catch (error) {
    throw new NodeFailure("DATA_DAMAGED", `${file} is damaged: ${messageOf(error)}`, error);
  }
  throw new NodeFailure("DATA_DAMAGED", `${file} is damaged: not an object`);
}

/** Whole or not at all, whatever happens: write beside, sync, rename, sync the directory. */
async function writeDurably(directory: string, file: string, content: string): Promise<void> {
  const partial = `${file}.partial`;
  const handle = await open(partial, "w", 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, file);
  await syncDirectory(directory);
}

/** Makes the names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
