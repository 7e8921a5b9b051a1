import { AppService } from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { IdentityService } from "../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { ProfileService } from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { type HostedService, hostedService } from "../runtime/hosted-service.ts";
import { rememberRecent } from "../storage/recent-documents.ts";
import { createApp } from "./apps/create-app.ts";
import { createKey } from "./apps/create-key.ts";
import { createIdentitySecret, revokeIdentitySecret, setRequireUserSignature } from "./apps/identity-secrets.ts";
import { listApps } from "./apps/list-apps.ts";
import { listKeys } from "./apps/list-keys.ts";
import { resolveApp } from "./apps/resolve-app.ts";
import { resolveKey } from "./apps/resolve-key.ts";
import { revokeKey } from "./apps/revoke-key.ts";
import { setAllowedOrigins } from "./apps/set-allowed-origins.ts";
import { setRetention } from "./apps/set-retention.ts";
import type { IdentityContext, IdentityDependencies } from "./context.ts";
import { eraseProfile } from "./profiles/erase-profile.ts";
import { getProfile } from "./profiles/get-profile.ts";
import { getProfileVersions } from "./profiles/get-profile-versions.ts";
import { listMerges } from "./profiles/list-merges.ts";
import { listProfiles } from "./profiles/list-profiles.ts";
import { getMergeStates, listMergeStates } from "./profiles/merge-states.ts";
import { observeProfiles } from "./profiles/observe-profiles.ts";
import { getProfileStates, listProfileStates } from "./profiles/profile-states.ts";
import { replaceMerges } from "./profiles/replace-merges.ts";
import { replaceProfiles } from "./profiles/replace-profiles.ts";
import { setUserLink } from "./profiles/set-user-link.ts";

/** The RPCs of the identity service: the processes' own calls, and those of operators. */
export function createIdentityServices(dependencies: IdentityDependencies): HostedService[] {
  const context: IdentityContext = {
    ...dependencies,
    profiles: rememberRecent(dependencies.store.profiles, dependencies.recentBytes),
  };
  return [
    hostedService(IdentityService, {
      resolveKey: (request) => resolveKey(context, request),
      resolveApp: (request) => resolveApp(context, request),
      observeProfiles: (request, call) => observeProfiles(context, request, call),
      getProfileVersions: (request) => getProfileVersions(context, request),
      replaceProfiles: (request) => replaceProfiles(context, request),
      replaceMerges: (request) => replaceMerges(context, request),
      listProfileStates: (request) => listProfileStates(context, request),
      getProfileStates: (request) => getProfileStates(context, request),
      listMergeStates: (request) => listMergeStates(context, request),
      getMergeStates: (request) => getMergeStates(context, request),
    }),
    hostedService(ProfileService, {
      getProfile: (request, call) => getProfile(context, request, call),
      listProfiles: (request) => listProfiles(context, request),
      listMerges: (request, call) => listMerges(context, request, call),
      unlinkDevice: setUserLink(context, false),
      relinkDevice: setUserLink(context, true),
      eraseProfile: (request, call) => eraseProfile(context, request, call),
    }),
    hostedService(AppService, {
      createApp: (request) => createApp(context, request),
      listApps: (request) => listApps(context, request),
      createKey: (request) => createKey(context, request),
      listKeys: (request) => listKeys(context, request),
      revokeKey: (request) => revokeKey(context, request),
      setAllowedOrigins: (request) => setAllowedOrigins(context, request),
      createIdentitySecret: (request) => createIdentitySecret(context, request),
      revokeIdentitySecret: (request) => revokeIdentitySecret(context, request),
      setRequireUserSignature: (request) => setRequireUserSignature(context, request),
      setRetention: (request) => setRetention(context, request),
    }),
  ];
}
