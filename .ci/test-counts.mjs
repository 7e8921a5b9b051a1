// Counts the results in Vitest's JSON report: prints "passed failed skipped" to stdout, what was skipped to stderr.
// A file that failed before its tests ran counts as one failure.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const count = { passed: 0, failed: 0, skipped: 0 };
for (const file of report.testResults) {
  const results = file.assertionResults.map(({ status }) =>
    status === "passed" || status === "failed" ? status : "skipped",
  );
  if (file.status === "failed" && !results.includes("failed")) results.push("failed");
  for (const result of results) count[result] += 1;
  const skipped = results.filter((result) => result === "skipped").length;
  if (skipped > 0) process.stderr.write(`${skipped} skipped in ${file.name.replace(`${process.cwd()}/`, "")}\n`);
}
process.stdout.write(`${count.passed} ${count.failed} ${count.skipped}\n`);
