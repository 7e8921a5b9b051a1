import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { type ChannelCredentials, experimental, type ServerCredentials } from "@grpc/grpc-js";
import type { Clock } from "./clock.ts";
import { optional } from "./config.ts";
import { text } from "./config-fields.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./log.ts";

/** How often the files are looked at, in milliseconds; who rotates them leaves both certificates valid for longer. */
const LOOK_EVERY_MS = 10_000;

export const tlsSettings = { tlsDir: optional("CARILLON_TLS_DIR", text) };

/** This process's certificate and whom it trusts, both ways of every gRPC connection (mutual TLS). */
export interface Tls {
  /** For a server: callers need a certificate that the authority has signed. */
  readonly server: ServerCredentials;
  /** For a client: the server needs one as well, with the name or address that it is called by. */
  readonly client: ChannelCredentials;
  /** Reads the files again; what cannot be used is logged and the certificates before it stay. */
  reload(): Promise<void>;
}

interface Certificates {
  readonly ca: Buffer;
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
}

export interface TlsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}

/**
 * Certificates from the files `ca.crt`, `tls.crt` and `tls.key` of a folder (PEM, the names of a Kubernetes TLS secret),
 * read again every 10 s until the process stops. New connections use what was read last; connections live 5 minutes.
 *
 * @param dir without it there is no TLS
 * @throws Error with one line when the files cannot be read, or do not fit each other
 */
export async function openTls(dir: string | undefined, options: TlsOptions): Promise<Tls | undefined> {
  if (dir === undefined) return undefined;
  const { clock, log, lifecycle } = options;
  let current = await readCertificates(dir);
  const provider = certificateProvider(() => current);

  async function reload(): Promise<void> {
    try {
      const read = await readCertificates(dir as string);
      if (isSame(read, current)) return;
      current = read;
      provider.tell();
      log.info({ dir }, "new certificates");
    } catch (error) {
      log.error({ err: error }, "new certificates cannot be used; the ones before stay");
    }
  }

  const stopped = new AbortController();
  const watching = (async () => {
    while (!stopped.signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, stopped.signal).catch(() => "stopped");
      if (!stopped.signal.aborted) await reload();
    }
  })();
  lifecycle.onStop("certificates", async () => {
    stopped.abort();
    await watching;
  });
  return {
    server: experimental.createCertificateProviderServerCredentials(provider, provider, true),
    client: experimental.createCertificateProviderChannelCredentials(provider, provider),
    reload,
  };
}

async function readCertificates(dir: string): Promise<Certificates> {
  try {
    const [ca, certificate, privateKey] = await Promise.all([
      readFile(join(dir, "ca.crt")),
      readFile(join(dir, "tls.crt")),
      readFile(join(dir, "tls.key")),
    ]);
    createSecureContext({ ca, cert: certificate, key: privateKey }); // throws where they are none, or do not fit
    return { ca, certificate, privateKey };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the certificates in ${dir} cannot be used (CARILLON_TLS_DIR): ${reason}`, { cause: error });
  }
}

function isSame(a: Certificates, b: Certificates): boolean {
  return a.ca.equals(b.ca) && a.certificate.equals(b.certificate) && a.privateKey.equals(b.privateKey);
}

/**
 * What grpc-js asks for certificates. Its own provider of files forgets what it had when a file cannot be read, and
 * hands on pairs that do not fit, as one may read them in the middle of a rotation.
 */
function certificateProvider(latest: () => Certificates) {
  const caListeners = new Set<experimental.CaCertificateUpdateListener>();
  const identityListeners = new Set<experimental.IdentityCertificateUpdateListener>();
  const tellCa = (listener: experimental.CaCertificateUpdateListener) => listener({ caCertificate: latest().ca });
  const tellIdentity = (listener: experimental.IdentityCertificateUpdateListener) => listener(latest());
  return {
    addCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
      caListeners.add(listener);
      process.nextTick(tellCa, listener);
    },
    removeCaCertificateListener: (listener: experimental.CaCertificateUpdateListener): void => {
      caListeners.delete(listener);
    },
    addIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
      identityListeners.add(listener);
      process.nextTick(tellIdentity, listener);
    },
    removeIdentityCertificateListener: (listener: experimental.IdentityCertificateUpdateListener): void => {
      identityListeners.delete(listener);
    },
    /** Tells everybody what is the latest now. */
    tell(): void {
      for (const listener of identityListeners) tellIdentity(listener);
      for (const listener of caListeners) tellCa(listener);
    },
  };
}
