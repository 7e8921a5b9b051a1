import { Type } from "typebox";
import { type Answer, JSON_BODY, type Operation, type Section } from "./operation.ts";

const TAG = "Health";
const shared = { method: "get", tag: TAG, security: [], headers: [], body: {} } as const;
const status = (description: string): Answer => ({ description, body: { [JSON_BODY]: "Health" } });

const live: Operation = {
  ...shared,
  path: "/healthz",
  id: "isAlive",
  summary: "Whether the process lives",
  description: "For a liveness probe: says nothing of what the process needs.",
  answers: { 200: status("It does") },
  exchanges: [{ name: "ok", summary: "It lives", status: 200, answer: { status: "ok" } }],
};

const ready: Operation = {
  ...shared,
  path: "/readyz",
  id: "isReady",
  summary: "Whether it takes requests",
  description:
    "For a readiness probe and load balancers: the stores are reachable, and the process is not about to stop.",
  answers: { 200: status("It does"), 503: status("It does not, for now") },
  exchanges: [
    { name: "ready", summary: "It is ready", status: 200, answer: { status: "ready" } },
    { name: "notReady", summary: "It is not", given: "overloaded", status: 503, answer: { status: "not_ready" } },
  ],
};

/** What probes ask. */
export const HEALTH: Section = {
  tag: TAG,
  description: "For probes and load balancers.",
  schemas: {
    Health: Type.Object({
      status: Type.Union([Type.Literal("ok"), Type.Literal("ready"), Type.Literal("not_ready")]),
    }),
  },
  operations: [live, ready],
};
