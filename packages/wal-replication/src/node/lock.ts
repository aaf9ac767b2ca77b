/**
 * One process for one directory. Each opener listens on a socket of its own, `LOCK.<random>`, and then
 * looks for others: one that answers belongs to a living process, one that refuses was left by a dead
 * one and is removed. Who is alive is the kernel's word, so a killed process locks nobody out, a
 * recycled process number or another container does not confuse it, and of two openers at least one sees
 * the other.
 */
import { randomBytes } from "node:crypto";
import { close, open } from "node:fs";
import { readdir, unlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { WalError } from "../errors.ts";

const PREFIX = "LOCK.";

export interface Lock {
  release(): Promise<void>;
}

/** @throws WalError `WAL_LOCKED` if another process, or this one, holds `directory` */
export async function lock(directory: string): Promise<Lock> {
  // The path of a socket must be shorter than about 100 bytes; that of a descriptor always is.
  const fd = process.platform === "linux" ? await promisify(open)(directory, "r") : undefined;
  const path = fd === undefined ? resolve(directory) : `/proc/self/fd/${fd}`;
  const name = `${PREFIX}${randomBytes(8).toString("hex")}`;
  let server: Server | undefined;
  const release = async (): Promise<void> => {
    if (server !== undefined) await closeServer(server);
    if (fd !== undefined) await promisify(close)(fd);
  };
  try {
    server = await listen(socketPath(path, name));
    const others = (await readdir(directory)).filter((file) => isOther(file, name));
    for (const other of others) await expectDead(directory, path, other);
    return { release };
  } catch (error) {
    await release();
    throw error instanceof WalError
      ? error
      : new WalError("WAL_IO", `no lock socket can be made in ${directory}`, { cause: error });
  }
}

function isOther(file: string, name: string): boolean {
  return file.startsWith(PREFIX) && file !== name;
}

async function expectDead(directory: string, path: string, file: string): Promise<void> {
  if (await isAlive(socketPath(path, file)))
    throw new WalError("WAL_LOCKED", `another process has the log in ${directory} open`);
  await unlink(join(directory, file)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

function socketPath(path: string, name: string): string {
  return join(path, name);
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      // From now on there is nothing to do about an error, and nothing depends on answering.
      server.on("error", () => undefined);
      server.unref();
      resolve(server);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(
        error.code !== "ECONNREFUSED" && error.code !== "ENOENT" && error.code !== "ENOTSOCK",
      );
    });
  });
}
