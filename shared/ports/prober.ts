export interface ProbeAnswer {
  status: number;
  body: string;
  /** The body was longer and was not read on. */
  truncated?: boolean;
  headers: Record<string, string>;
  durationMs: number;
}

/** What every call of a prober has. */
export interface ProbeTarget {
  url: string;
  headers?: Record<string, string>;
  timeoutSeconds: number;
  /** When the service is private: an identity token for this audience is sent. */
  audience?: string;
  /** The only places anything is sent to. */
  allowedOrigins: string[];
  signal?: AbortSignal;
}

/** A WebSocket as it went. */
export interface Conversation {
  /** 101, or what the handshake was answered with instead. */
  status: number;
  /** The subprotocol that was agreed on; empty without one. */
  protocol: string;
  /** The beginnings of the newest messages, oldest first. */
  messages: string[];
  /** A message was the awaited one. */
  matched: boolean;
  /** The other side's close: its code, and whether it came before it was asked for. */
  closed?: { code: number; early: boolean };
  /** Until the awaited message, or until it was open when none was. */
  durationMs: number;
}

/** What a TLS server shows. */
export interface PeerCertificate {
  /** `TLSv1.3` */
  protocol: string;
  subject: string;
  /** The names it is good for. */
  names: string[];
  issuer: string;
  validFromMs: number;
  validToMs: number;
  /** Why the chain or the name is not trusted, in OpenSSL's words. */
  problem?: string;
}

/** Calls the service under deployment, as `Slipway/VERSION`. Faults: `unavailable` when nothing answered, `timeout` when nothing did in time. */
export interface Prober {
  /** A redirect is an answer, unless it may be followed and stays where it is. */
  request(
    request: ProbeTarget & { method: string; body?: string; followRedirects?: boolean },
  ): Promise<ProbeAnswer>;
  /**
   * Opens, sends, waits for the awaited message, stays open, closes.
   * @param request `url` with http(s); `awaits` is told every message until it says yes; with `awaitsClose` the other side
   * has as much time again to close first
   */
  webSocket(
    request: ProbeTarget & {
      protocol?: string;
      send?: string;
      awaits?: (message: string) => boolean;
      awaitsClose?: boolean;
      staysOpenSeconds: number;
    },
  ): Promise<Conversation>;
  /** What the server behind an https address shows; an invalid certificate is an answer. */
  certificate(
    request: Pick<ProbeTarget, 'url' | 'timeoutSeconds' | 'allowedOrigins' | 'signal'>,
  ): Promise<PeerCertificate>;
}
