-- A data folder's carillon.sqlite as schema 1 has it: made by `npm start` of the commit "Tests: format" (14:16) with five events,
-- one of them attributed to a later login, a push, a refreshed token and a retention whose pass ended in between.
BEGIN TRANSACTION;
CREATE TABLE "apps" (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, value TEXT NOT NULL, "field_appId");
INSERT INTO "apps" VALUES('demo/app_ypdhm7gu43lbtby4pn6s',1795275428218000,'{"tenantId":"demo","appId":"app_ypdhm7gu43lbtby4pn6s","name":"Demo","allowedOrigins":["http://localhost:*","http://127.0.0.1:*"],"createdAtMs":1795275425192,"retentionDays":365}','app_ypdhm7gu43lbtby4pn6s');
CREATE TABLE "devices" (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, value TEXT NOT NULL, "field_owner", "field_deliverable", "field_unlinking", "field_unsettledSince");
INSERT INTO "devices" VALUES('demo/app_ypdhm7gu43lbtby4pn6s/aba4c53b97d1fdaf1cc07d3fd6c94bd2346670e31b724be886d8c1e8109257c5',1795275427990000,'{"kind":"device","device":{"tokens":["phone-1"],"refreshes":[],"latest":{"effectiveMs":1795169400000,"fingerprint":"e1e4eae11cc7715470599001b1b2d299f4aa1b8bcb93bd64bed04d37a5a84e8f","appUserId":"ada","leaves":false,"attributes":{"platform":"android","pushPermissionGranted":true,"timezone":"Europe/Berlin","language":"de","country":"DE"}},"erased":null,"latestIdentified":{"effectiveMs":1795169400000,"fingerprint":"e1e4eae11cc7715470599001b1b2d299f4aa1b8bcb93bd64bed04d37a5a84e8f"},"floating":{"fromMs":1795168800000,"toMs":1795169160000},"hashToMs":null,"known":true,"unlinked":[],"invalidReports":[],"due":null,"joining":[],"revision":5}}','ada',1.0,NULL,NULL);
INSERT INTO "devices" VALUES('demo/app_ypdhm7gu43lbtby4pn6s/ad7ab7c46cc70867ef7ceaf513b6330b6bf3a2230688feafc2c9439b3db10800',1795275428156000,'{"kind":"device","device":{"tokens":["tablet-1","tablet-2"],"refreshes":[{"oldToken":"tablet-1","newToken":"tablet-2","order":1795275428149}],"latest":{"effectiveMs":1795172400000,"fingerprint":"b90dd6b561cc167712d33e2b201f65525ce8756d816083728eebb91a6f728069","appUserId":"","leaves":false,"attributes":{"platform":"android","pushPermissionGranted":true,"timezone":"Europe/Berlin","language":"de","country":"DE"}},"erased":null,"latestIdentified":null,"floating":{"fromMs":1795172400000,"toMs":1795172400000},"hashToMs":null,"known":true,"unlinked":[],"invalidReports":[],"due":null,"joining":[],"revision":3}}',NULL,1.0,NULL,NULL);
INSERT INTO "devices" VALUES('demo/app_ypdhm7gu43lbtby4pn6s/9d2eacb09eb17cd9f318d1987bf55b2468d56e00a871b647686cd9f11dd16545',1795275427754000,'{"kind":"device","device":{"tokens":["phone-2"],"refreshes":[],"latest":{"effectiveMs":1795174200000,"fingerprint":"88b9d998c224e956f1f5e6db4791c1cd7688c0b62a4e542e05b03ed0e9347b9c","appUserId":"grace","leaves":false,"attributes":{"platform":"android","pushPermissionGranted":true,"timezone":"Europe/Berlin","language":"de","country":"DE"}},"erased":null,"latestIdentified":{"effectiveMs":1795174200000,"fingerprint":"88b9d998c224e956f1f5e6db4791c1cd7688c0b62a4e542e05b03ed0e9347b9c"},"floating":null,"hashToMs":null,"known":true,"unlinked":[],"invalidReports":[],"due":null,"joining":[],"revision":1}}','grace',1.0,NULL,NULL);
INSERT INTO "devices" VALUES('demo/app_ypdhm7gu43lbtby4pn6s/0dd3dbeaacaff1630d5fca9910397c0e4bb653d0ae1ba69fb683d6233d172ebc',1795275428155001,'{"kind":"alias","aliasOf":"demo/app_ypdhm7gu43lbtby4pn6s/ad7ab7c46cc70867ef7ceaf513b6330b6bf3a2230688feafc2c9439b3db10800","handover":null}',NULL,NULL,NULL,NULL);
CREATE TABLE "erasures" (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, value TEXT NOT NULL, "field_dueMs", "field_resolvedFrom");
CREATE TABLE event_apps (id INTEGER PRIMARY KEY, app TEXT NOT NULL UNIQUE);
INSERT INTO "event_apps" VALUES(1,'demo/app_ypdhm7gu43lbtby4pn6s');
CREATE TABLE event_definitions (
  app INTEGER NOT NULL, event_name TEXT NOT NULL, first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL,
  PRIMARY KEY (app, event_name)
) WITHOUT ROWID;
INSERT INTO "event_definitions" VALUES(1,'app_opened',1795168800000,1795172400000);
INSERT INTO "event_definitions" VALUES(1,'logged_in',1795169400000,1795169400000);
INSERT INTO "event_definitions" VALUES(1,'product_viewed',1795169100000,1795169100000);
INSERT INTO "event_definitions" VALUES(1,'purchased',1795174200000,1795174200000);
CREATE TABLE event_parameters (
  app INTEGER NOT NULL, event_name TEXT NOT NULL, parameter TEXT NOT NULL, type TEXT NOT NULL,
  PRIMARY KEY (app, event_name, parameter, type)
) WITHOUT ROWID;
INSERT INTO "event_parameters" VALUES(1,'app_opened','n','number');
INSERT INTO "event_parameters" VALUES(1,'logged_in','n','number');
INSERT INTO "event_parameters" VALUES(1,'product_viewed','n','number');
INSERT INTO "event_parameters" VALUES(1,'purchased','n','number');
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  fingerprint BLOB NOT NULL,
  app INTEGER NOT NULL,
  effective_ms INTEGER NOT NULL,
  pending_since INTEGER,           -- milliseconds; null where no effects are outstanding
  attribution_version INTEGER NOT NULL DEFAULT 0,
  app_user_id TEXT NOT NULL,
  attributed_by BLOB NOT NULL DEFAULT x'',
  priors TEXT,                     -- JSON, null where there are none
  user_class INTEGER NOT NULL,
  device_key BLOB,                 -- null where the event names no device
  device_class INTEGER,
  role TEXT NOT NULL,
  late INTEGER NOT NULL,
  skewed_future INTEGER NOT NULL,
  sent_app_user_id TEXT NOT NULL,
  event_name TEXT NOT NULL,
  event_time TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  device_token TEXT NOT NULL,
  platform TEXT NOT NULL,
  push_permission_granted INTEGER NOT NULL,
  timezone TEXT NOT NULL,
  language TEXT NOT NULL,
  country TEXT NOT NULL,
  session_id TEXT NOT NULL,
  surface TEXT NOT NULL,
  ip TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  params_json TEXT NOT NULL,
  context_json TEXT NOT NULL
);
INSERT INTO "events" VALUES(1,X'F9762335DC143B144C01EFE2A341BD23A5B607ACC24001E2466541A9667D58A8',1,1795168800000,NULL,3,'ada',X'E1E4EAE11CC7715470599001B1B2D299F4AA1B8BCB93BD64BED04D37A5A84E8F',NULL,0,X'ABA4C53B97D1FDAF1CC07D3FD6C94BD2346670E31B724BE886D8C1E8109257C5',1,'anonymous',0,0,'','app_opened','2026-11-20T10:00:00Z',1795275427548,'phone-1','android',1,'Europe/Berlin','de','DE','s1','smartapppush','','','{"n":1}','{}');
INSERT INTO "events" VALUES(2,X'26E5ED843A2DC5AF1A72D050735F913D2AEEBAFB438A9A67CB9F6006A1C584E2',1,1795169100000,NULL,3,'ada',X'E1E4EAE11CC7715470599001B1B2D299F4AA1B8BCB93BD64BED04D37A5A84E8F',NULL,0,X'ABA4C53B97D1FDAF1CC07D3FD6C94BD2346670E31B724BE886D8C1E8109257C5',1,'anonymous',0,0,'','product_viewed','2026-11-20T10:05:00Z',1795275427608,'phone-1','android',1,'Europe/Berlin','de','DE','s1','smartapppush','','','{"n":1}','{}');
INSERT INTO "events" VALUES(3,X'E1E4EAE11CC7715470599001B1B2D299F4AA1B8BCB93BD64BED04D37A5A84E8F',1,1795169400000,NULL,0,'ada',X'',NULL,0,X'ABA4C53B97D1FDAF1CC07D3FD6C94BD2346670E31B724BE886D8C1E8109257C5',0,'identified',0,0,'ada','logged_in','2026-11-20T10:10:00Z',1795275427637,'phone-1','android',1,'Europe/Berlin','de','DE','s1','smartapppush','','','{"n":1}','{}');
INSERT INTO "events" VALUES(4,X'B90DD6B561CC167712D33E2B201F65525CE8756D816083728EEBB91A6F728069',1,1795172400000,NULL,1,'anon:tablet-1',X'',NULL,0,X'AD7AB7C46CC70867EF7CEAF513B6330B6BF3A2230688FEAFC2C9439B3DB10800',1,'anonymous',0,0,'','app_opened','2026-11-20T11:00:00Z',1795275427690,'tablet-1','android',1,'Europe/Berlin','de','DE','s1','smartapppush','','','{"n":1}','{}');
INSERT INTO "events" VALUES(5,X'88B9D998C224E956F1F5E6DB4791C1CD7688C0B62A4E542E05B03ED0E9347B9C',1,1795174200000,NULL,0,'grace',X'',NULL,0,X'9D2EACB09EB17CD9F318D1987BF55B2468D56E00A871B647686CD9F11DD16545',0,'identified',0,0,'grace','purchased','2026-11-20T11:30:00Z',1795275427751,'phone-2','android',1,'Europe/Berlin','de','DE','s1','smartapppush','','','{"n":1}','{}');
CREATE TABLE "idempotency_keys" (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, value TEXT NOT NULL, "field_receivedMs");
CREATE TABLE "keys" (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, value TEXT NOT NULL, "field_app", "field_keyId");
INSERT INTO "keys" VALUES('135633e18f8cd98dd8a6cf769ec3a9a8bb5c97ffb6fb5c7868182cc2123c14ad',1795275425192000,'{"keyId":"key_zopt2hjxg26votrgfspz","app":"demo/app_ypdhm7gu43lbtby4pn6s","kind":"api","prefix":"cpk_iN2WRE","createdAtMs":1795275425192}','demo/app_ypdhm7gu43lbtby4pn6s','key_zopt2hjxg26votrgfspz');
INSERT INTO "keys" VALUES('10b9c38d5a2abd447832aee5ca61e1b17ef0813fb0ca0b4bebd82a8e6bd06b6f',1795275425192001,'{"keyId":"key_7rlqfzooolnqqzsjixjo","app":"demo/app_ypdhm7gu43lbtby4pn6s","kind":"server","prefix":"csk_HyXV2k","createdAtMs":1795275425192}','demo/app_ypdhm7gu43lbtby4pn6s','key_7rlqfzooolnqqzsjixjo');
CREATE TABLE "leases" (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, value TEXT NOT NULL);
INSERT INTO "leases" VALUES('effects-sweeper',1795275430223000,'{"owner":"3cc81aa4-67e7-4b97-82c3-78a3cb7af999","untilMs":1795275440223}');
CREATE TABLE "merges" (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, value TEXT NOT NULL, "field_user", "field_device", "field_removedAtMs");
INSERT INTO "merges" VALUES('demo/app_ypdhm7gu43lbtby4pn6s/e1e4eae11cc7715470599001b1b2d299f4aa1b8bcb93bd64bed04d37a5a84e8f',1795275428012000,'{"deviceKey":"aba4c53b97d1fdaf1cc07d3fd6c94bd2346670e31b724be886d8c1e8109257c5","toAppUserId":"ada","causeMs":1795169400000,"eventCount":2,"pushCount":1}','ada','aba4c53b97d1fdaf1cc07d3fd6c94bd2346670e31b724be886d8c1e8109257c5',NULL);
CREATE TABLE "profiles" (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, value TEXT NOT NULL, "field_removedAtMs");
INSERT INTO "profiles" VALUES('demo/app_ypdhm7gu43lbtby4pn6s/anon:phone-1',1795275427657000,'{"removedAtMs":1795275427657}',1795275427657.0);
INSERT INTO "profiles" VALUES('demo/app_ypdhm7gu43lbtby4pn6s/ada',1795275427654000,'{"state":{"firstSeenMs":1795168800000,"lastSeenMs":1795169400000,"attributes":{"t":1795169400000,"fingerprint":"e1e4eae11cc7715470599001b1b2d299f4aa1b8bcb93bd64bed04d37a5a84e8f","platform":"android","timezone":"Europe/Berlin","language":"de","country":"DE"}}}',NULL);
INSERT INTO "profiles" VALUES('demo/app_ypdhm7gu43lbtby4pn6s/anon:tablet-1',1795275427695000,'{"state":{"firstSeenMs":1795172400000,"lastSeenMs":1795172400000,"attributes":{"t":1795172400000,"fingerprint":"b90dd6b561cc167712d33e2b201f65525ce8756d816083728eebb91a6f728069","platform":"android","timezone":"Europe/Berlin","language":"de","country":"DE"}}}',NULL);
INSERT INTO "profiles" VALUES('demo/app_ypdhm7gu43lbtby4pn6s/grace',1795275427755000,'{"state":{"firstSeenMs":1795174200000,"lastSeenMs":1795174200000,"attributes":{"t":1795174200000,"fingerprint":"88b9d998c224e956f1f5e6db4791c1cd7688c0b62a4e542e05b03ed0e9347b9c","platform":"android","timezone":"Europe/Berlin","language":"de","country":"DE"}}}',NULL);
CREATE TABLE push_sender_ids (
  app TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, sent_ms INTEGER NOT NULL, push INTEGER NOT NULL,
  PRIMARY KEY (app, name, value, sent_ms, push)
) WITHOUT ROWID;
INSERT INTO "push_sender_ids" VALUES('demo/app_ypdhm7gu43lbtby4pn6s','campaign','autumn',1795169160000,1);
CREATE TABLE pushes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  entry TEXT NOT NULL,
  app TEXT, token TEXT, user TEXT, device TEXT, floating TEXT, attributed_by TEXT,
  sent_ms INTEGER, state TEXT, outstanding_ms INTEGER, last_receipt_ms INTEGER
);
INSERT INTO "pushes" VALUES(1,'demo/app_ypdhm7gu43lbtby4pn6s/00000000-0000-4000-8000-000000000001',1795275428113000,'{"kind":"registered","sentAppUserId":"anon:phone-1","deviceToken":"phone-1","sentMs":1795169160000,"senderIds":[{"name":"campaign","value":"autumn"}],"registeredMs":1795275427972,"appUserId":"ada","attributedBy":"e1e4eae11cc7715470599001b1b2d299f4aa1b8bcb93bd64bed04d37a5a84e8f","attributionVersion":5,"revision":1795275427973,"attributionPending":false,"pendingSinceMs":1795275427972,"priors":[],"begunMs":1795275428000,"deliveredMs":1795169161000}','demo/app_ypdhm7gu43lbtby4pn6s','00000000-0000-4000-8000-000000000001','fdee430d40bd57deeac186cd9790033d0f06f909a8806e7ce6e717ab7c7d5029','aba4c53b97d1fdaf1cc07d3fd6c94bd2346670e31b724be886d8c1e8109257c5','aba4c53b97d1fdaf1cc07d3fd6c94bd2346670e31b724be886d8c1e8109257c5','e1e4eae11cc7715470599001b1b2d299f4aa1b8bcb93bd64bed04d37a5a84e8f',1795169160000,'delivered',NULL,NULL);
CREATE TABLE "retentions" (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, value TEXT NOT NULL);
INSERT INTO "retentions" VALUES('demo/app_ypdhm7gu43lbtby4pn6s',1795275425089000,'{"app":"demo/app_ypdhm7gu43lbtby4pn6s","days":365,"passedMs":1795275425089,"causes":["e1e4eae11cc7715470599001b1b2d299f4aa1b8bcb93bd64bed04d37a5a84e8f"]}');
CREATE TABLE "store_formats" (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, value TEXT NOT NULL);
INSERT INTO "store_formats" VALUES('ingestion',1795275425089000,'{"format":1}');
INSERT INTO "store_formats" VALUES('identity',1795275425089000,'{"format":1}');
INSERT INTO "store_formats" VALUES('device',1795275425089000,'{"format":1}');
INSERT INTO "store_formats" VALUES('tracking',1795275425089000,'{"format":1}');
CREATE UNIQUE INDEX events_by_fingerprint ON events (fingerprint);
CREATE INDEX events_by_user ON events (app, app_user_id, user_class, effective_ms, fingerprint);
CREATE INDEX events_by_device ON events (app, device_key, device_class, effective_ms, fingerprint)
  WHERE device_key IS NOT NULL;
CREATE INDEX events_by_name ON events (app, event_name, effective_ms, fingerprint);
CREATE INDEX events_by_time ON events (app, effective_ms, fingerprint);
CREATE INDEX events_by_cause ON events (app, attributed_by) WHERE attributed_by <> x'';
CREATE INDEX events_pending ON events (pending_since) WHERE pending_since IS NOT NULL;
CREATE INDEX events_pending_by_device ON events (app, device_key) WHERE pending_since IS NOT NULL;
CREATE INDEX pushes_list ON pushes (app, sent_ms, token, state) WHERE app IS NOT NULL;
CREATE INDEX pushes_of_user ON pushes (app, user, sent_ms, token) WHERE app IS NOT NULL;
CREATE INDEX pushes_to_device ON pushes (app, device, sent_ms, token) WHERE app IS NOT NULL;
CREATE INDEX pushes_floating ON pushes (app, floating, sent_ms, token) WHERE floating IS NOT NULL;
CREATE INDEX pushes_attributed_by ON pushes (app, attributed_by) WHERE attributed_by IS NOT NULL;
CREATE INDEX pushes_outstanding ON pushes (outstanding_ms) WHERE outstanding_ms IS NOT NULL;
CREATE INDEX pushes_held ON pushes (last_receipt_ms) WHERE last_receipt_ms IS NOT NULL;
CREATE INDEX push_sender_ids_of_push ON push_sender_ids (push);
CREATE INDEX "profiles_by_removedAtMs" ON "profiles" ("field_removedAtMs", key) WHERE "field_removedAtMs" IS NOT NULL;
CREATE INDEX "devices_by_owner" ON "devices" ("field_owner", key) WHERE "field_owner" IS NOT NULL;
CREATE INDEX "devices_by_deliverable" ON "devices" ("field_deliverable", key) WHERE "field_deliverable" IS NOT NULL;
CREATE INDEX "devices_by_unlinking" ON "devices" ("field_unlinking", key) WHERE "field_unlinking" IS NOT NULL;
CREATE INDEX "devices_by_unsettledSince" ON "devices" ("field_unsettledSince", key) WHERE "field_unsettledSince" IS NOT NULL;
CREATE INDEX "merges_by_user" ON "merges" ("field_user", key) WHERE "field_user" IS NOT NULL;
CREATE INDEX "merges_by_device" ON "merges" ("field_device", key) WHERE "field_device" IS NOT NULL;
CREATE INDEX "merges_by_removedAtMs" ON "merges" ("field_removedAtMs", key) WHERE "field_removedAtMs" IS NOT NULL;
CREATE INDEX "apps_by_appId" ON "apps" ("field_appId", key) WHERE "field_appId" IS NOT NULL;
CREATE INDEX "idempotency_keys_by_receivedMs" ON "idempotency_keys" ("field_receivedMs", key) WHERE "field_receivedMs" IS NOT NULL;
CREATE INDEX "keys_by_app" ON "keys" ("field_app", key) WHERE "field_app" IS NOT NULL;
CREATE INDEX "keys_by_keyId" ON "keys" ("field_keyId", key) WHERE "field_keyId" IS NOT NULL;
CREATE INDEX "erasures_by_dueMs" ON "erasures" ("field_dueMs", key) WHERE "field_dueMs" IS NOT NULL;
CREATE INDEX "erasures_by_resolvedFrom" ON "erasures" ("field_resolvedFrom", key) WHERE "field_resolvedFrom" IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('pushes',1);
COMMIT;
