/** What every answer carries, whoever gives it: the request's id, and that browsers are not to guess what a body is. */
export function everyAnswerHeaders(requestId: string): Readonly<Record<string, string>> {
  return { "X-Request-Id": requestId, "X-Content-Type-Options": "nosniff" };
}
