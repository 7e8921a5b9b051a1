import { Type } from "typebox";

/** Characters of each of the four texts: what the ledger keeps of a sender's identifier. */
export const MAX_CHARACTERS = 1024;

const text = (description: string) => Type.String({ minLength: 1, maxLength: MAX_CHARACTERS, description });
/** Absent, or as good as absent. */
const optional = <T extends Type.TSchema>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Literal(""), Type.Null()]));

/**
 * Body of `POST /api/v1.1/pushes/post_events`, for the OpenAPI page; `report-body.ts` reads it. A property test holds the
 * two together. In XML the same fields are elements within `<xml>`, all of them text.
 */
export const REPORT_SCHEMA = Type.Object({
  token: Type.Optional(
    Type.Union([Type.String(), Type.Null()], { description: "Server key; or send it as `Authorization: Bearer`" }),
  ),
  events: Type.Union(
    [1, 2, 3, "1", "2", "3"].map((value) => Type.Literal(value)),
    {
      description: "1: the push was delivered. 2: it was opened. 3: both",
    },
  ),
  launch_id: optional(
    Type.Union([Type.Integer(), text("The launch, by number or name")], {
      description: "Not needed where `uid` has the form `e|launch|subscription|provider`",
    }),
  ),
  provider: optional(text("Push provider, such as `android-firebase`; not needed beside such a `uid`")),
  subscription_id: optional(text("The subscription; not needed beside such a `uid`")),
  uid: text("The push, as it came with it"),
});

/** Every answer: 0 is success. */
export const ANSWER_SCHEMA = Type.Object({
  error: Type.Integer({
    minimum: 0,
    maximum: 9,
    description:
      "0 success, 1 malformed body, 2 missing field, 3 invalid value, 4 no or wrong key, 5 too many requests, 6 overloaded, 7 ours, 8 unknown path, 9 wrong method",
  }),
  error_text: Type.String(),
});
