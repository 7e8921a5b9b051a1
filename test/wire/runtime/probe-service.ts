import { create, createFileRegistry, type Message } from "@bufbuild/protobuf";
import type { GenService } from "@bufbuild/protobuf/codegenv2";
import {
  type BytesValueSchema,
  FileDescriptorProtoSchema,
  file_google_protobuf_wrappers,
  type StringValue,
  type StringValueSchema,
  StringValueSchema as stringValue,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { type HostedService, hostedService } from "../../../services/runtime/hosted-service.ts";
import { StoreUnavailableError } from "../../../services/runtime/store-unavailable-error.ts";

const text = ".google.protobuf.StringValue";
const bytes = ".google.protobuf.BytesValue";

const file = create(FileDescriptorProtoSchema, {
  name: "probe/v1/probe_service.proto",
  package: "probe.v1",
  syntax: "proto3",
  dependency: [file_google_protobuf_wrappers.proto.name],
  service: [
    {
      name: "ProbeService",
      method: [
        { name: "Echo", inputType: text, outputType: text },
        { name: "EchoBytes", inputType: bytes, outputType: bytes },
        { name: "Fail", inputType: text, outputType: text },
        { name: "Wait", inputType: text, outputType: text },
        { name: "Count", inputType: text, outputType: text, serverStreaming: true },
      ],
    },
  ],
});

type Unary<S> = { methodKind: "unary"; input: S; output: S };

/** A service that no product has: one method for each thing that a transport must carry. */
export const ProbeService = createFileRegistry(file, () => file_google_protobuf_wrappers).getService(
  "probe.v1.ProbeService",
) as GenService<{
  echo: Unary<typeof StringValueSchema>;
  echoBytes: Unary<typeof BytesValueSchema>;
  fail: Unary<typeof StringValueSchema>;
  wait: Unary<typeof StringValueSchema>;
  count: { methodKind: "server_streaming"; input: typeof StringValueSchema; output: typeof StringValueSchema };
}>;

/** What the handlers saw. */
export interface Seen {
  readonly requests: Message[];
  readonly contexts: HandlerContext[];
  /** Resolves when a handler has noticed that its call was given up. */
  readonly givenUp: Promise<unknown>;
}

/** The probe with a record of what its handlers saw. */
export function probe(): { readonly service: HostedService; readonly seen: Seen } {
  const givenUp = Promise.withResolvers<unknown>();
  const seen: Seen = { requests: [], contexts: [], givenUp: givenUp.promise };

  function untilGivenUp({ signal }: HandlerContext): Promise<never> {
    return new Promise((_, reject) => {
      const giveUp = () => {
        givenUp.resolve(signal.reason);
        reject(signal.reason);
      };
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp);
    });
  }

  const service = hostedService(ProbeService, {
    echo(request, context) {
      seen.requests.push(request);
      seen.contexts.push(context);
      context.responseHeader.set("probe-header", context.requestHeader.get("probe") ?? "");
      context.responseTrailer.set("probe-trailer-bin", Buffer.from("\u0000trailer").toString("base64"));
      return request;
    },
    echoBytes: ({ value }) => ({ value }),
    fail({ value }) {
      throw failures[value] ?? new Error(`no failure ${value}`);
    },
    async wait({ value }, context) {
      seen.contexts.push(context);
      if (value === "forever") await new Promise(() => undefined);
      return await untilGivenUp(context);
    },
    async *count({ value }, context) {
      seen.contexts.push(context);
      context.signal.addEventListener("abort", () => givenUp.resolve(context.signal.reason));
      const [last = "0", then = "end"] = value.split(" ");
      context.responseHeader.set("probe-header", "counting");
      for (let number = 1; number <= Number(last); number += 1) yield { value: String(number) };
      if (then === "wait") await untilGivenUp(context);
      if (then === "fail") throw failures.detailed;
      context.responseTrailer.set("probe-trailer", "counted");
    },
  });
  return { service, seen };
}

const detail = create(stringValue, { value: "more, with ünïcode" });

const failures: Record<string, Error> = {
  detailed: new ConnectError("100 % wröng", Code.FailedPrecondition, { "probe-error": "yes" }, [
    { desc: stringValue, value: detail },
  ]),
  unknown: new Error("a secret of the implementation"),
  unavailable: new StoreUnavailableError("a secret of the store", { reason: "failed" }),
};

/** The detail of the failure `detailed`. */
export const failureDetail: StringValue = detail;
