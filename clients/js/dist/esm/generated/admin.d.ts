export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Is the process alive? */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Does the server take requests? */
        get: operations["getReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sums over all worlds, for Prometheus; no world's name is in them. */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Can the admin API be reached from here? */
        get: operations["getAdminHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/spec": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which newer document of the Runway API is served, if any? */
        get: operations["getSpec"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document. */
        get: operations["getAdminDocument"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/worlds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every world, the one used last first. */
        get: operations["listWorlds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/world": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The world itself. */
        get: operations["getWorld"];
        put?: never;
        post?: never;
        /** Forget the world; answers that it holds back go out. */
        delete: operations["dropWorld"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin the world anew, without its snapshots; answers that it holds back go out. */
        post: operations["resetWorld"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/fork": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a copy of the world go on under another name. */
        post: operations["forkWorld"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The snapshots of the world, oldest first. */
        get: operations["listSnapshots"];
        put?: never;
        /** Keep what the world is now; a snapshot of the same name is replaced. */
        post: operations["takeSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/snapshots/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forget a snapshot. */
        delete: operations["deleteSnapshot"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/snapshots/{name}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let the world go on from a snapshot, which stays. */
        post: operations["restoreSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/clock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the world's clock shows. */
        get: operations["getClock"];
        /** Let the world's time pass faster, slower or not at all. */
        put: operations["setClockRate"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/clock/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Move the clock forward: by a span, to an instant, or to what is due next. */
        post: operations["moveClock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/scenarios": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every scenario that can be chosen by name. */
        get: operations["listScenarios"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/scenarios/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A scenario that can be chosen by name, with its data. */
        get: operations["getScenarioNamed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/scenario": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the world follows. */
        get: operations["getScenario"];
        /** Follow another scenario; sessions keep the plan they were born with. */
        put: operations["putScenario"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/avatars/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Let creates for an avatar follow a session form; all else stays as it is. */
        put: operations["bindAvatar"];
        post?: never;
        /** Let creates for an avatar follow no form of its own any more. */
        delete: operations["unbindAvatar"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/faults": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The faults that are about all calls of the world. */
        get: operations["listFaults"];
        put?: never;
        /** Put a fault in place; one of the same name is replaced. */
        post: operations["addFault"];
        /** Remove all faults that were put in place by hand. */
        delete: operations["removeFaults"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/faults/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a fault that was put in place by hand. */
        delete: operations["removeFault"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The sessions, newest first. */
        get: operations["listSessions"];
        put?: never;
        /** Create a session and bring it into a state, by the events of the table. */
        post: operations["makeSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A session as the world knows it. */
        get: operations["getAdminSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/sessions/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let an event happen to a session. */
        post: operations["occur"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/sessions/{id}/call": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Report what happened in the room of a session, as its room does. */
        post: operations["reportCall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/sessions/{id}/script": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell the avatar in a session's room what to do. */
        post: operations["direct"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/sessions/{id}/viewer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A token that lets its holder watch a session's call, unseen. */
        post: operations["watchSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/sessions/{id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything that happened to a session, in order. */
        get: operations["getTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tasks, newest first; those that clients have deleted too. */
        get: operations["listTasks"];
        put?: never;
        /** Create a task and bring it into a state, by the events of the table. */
        post: operations["makeTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A task as the world knows it. */
        get: operations["getAdminTask"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/tasks/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let an event happen to a task. */
        post: operations["occurTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/tasks/{id}/downloads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Report what a client did with an output, as the fake does itself. */
        post: operations["reportDownload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/tasks/{id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything that happened to a task, in order. */
        get: operations["getTaskTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/tasks/{id}/outputs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the outputs of a task can be read now. */
        get: operations["getTaskOutputs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/assets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest avatars, voices and documents; those that were deleted and are kept too. */
        get: operations["listAssets"];
        put?: never;
        /** Make one in any state. */
        post: operations["makeAsset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/assets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An avatar, a voice or a document as the world knows it. */
        get: operations["getAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/assets/{name}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything that happened to one, in order. */
        get: operations["getAssetTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/assets/{name}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let an event happen to one. */
        post: operations["occurToAsset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/journal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Calls and their answers, oldest first; of those that fit, the newest. */
        get: operations["getJournal"];
        put?: never;
        post?: never;
        /** Forget all entries; what came before cannot be replayed any more. */
        delete: operations["clearJournal"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/journal/unmatched": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The requests that no operation takes, with the route that was probably meant. */
        get: operations["getUnmatched"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happens in a world, live; without a world's name, how all worlds are. */
        get: operations["getEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the client seems to do wrong. */
        get: operations["getFindings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/credits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the account has spent and has left. */
        get: operations["getCredits"];
        /** Let the account have so many credits left. */
        put: operations["putCredits"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/seed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The state of the world as a seed. */
        get: operations["getSeed"];
        put?: never;
        /** Put what a seed holds into the world. */
        post: operations["applySeed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/await/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer a session as soon as it is in one of the states. */
        post: operations["awaitSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/await/task": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer a task as soon as it is in one of the states. */
        post: operations["awaitTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/await/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer the calls that match as soon as there are enough; earlier ones count. */
        post: operations["awaitCalls"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/__admin/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The record of the world's run, and the token that holds it. */
        get: operations["getReplay"];
        put?: never;
        /** Run a record again as a world of its own, which stays, its clock stopped. */
        post: operations["postReplay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description All is well, and which version says so. */
        Alive: {
            /** @constant */
            status: "ok";
            /** @description The version of the fake. */
            version: string;
        };
        /** @description The published document that `--spec` gave to the server. */
        ServedSpec: {
            /** @description Its name; null: none was given. */
            file: string | null;
            /** @description What it has that this version does not know, a sentence for each. */
            news: string[];
        };
        /** @description Metrics in Prometheus' text form. */
        Exposition: string;
        /** @description Every refusal outside the Runway API. */
        Error: {
            /** @description What is wrong, in a sentence. */
            error: string;
            code: components["schemas"]["ErrorCode"];
            /** @description The place in the request, such as $.rate, if there is one. */
            where?: string;
        };
        /**
         * @description What is wrong, for programs.
         * @enum {unknown}
         */
        ErrorCode: "admin_token_required" | "bad_body" | "bad_path" | "bad_request" | "bad_world_name" | "body_too_deep" | "body_too_large" | "conflict" | "illegal_transition" | "internal" | "method_not_allowed" | "not_allowed" | "secret_refused" | "too_many_listeners" | "unknown" | "unknown_route" | "unknown_session" | "unknown_task" | "unknown_world" | "waited_in_vain" | "which_world" | "wrong_content_type" | "wrong_report";
        /** @description Any JSON object. */
        AnyObject: {
            [key: string]: unknown;
        };
        /** @description Any JSON value. */
        AnyValue: unknown;
        /** @description POSIX seconds of the world's clock. */
        Instant: number;
        /** @description POSIX seconds of the world's clock; null: not, or not yet. */
        InstantOrNull: number | null;
        /** @description A span of time: a number with the unit ms, s, m or h, such as 1.5s. */
        Span: string;
        /**
         * @description How many items an answer may have.
         * @default 100
         */
        ListLimit: number;
        /** @description An HTTP status. */
        Status: number;
        /** @description An HTTP method. */
        Method: string;
        /**
         * Format: uuid
         * @description The id of a session: a version 4 UUID.
         */
        SessionId: string;
        /**
         * Format: uuid
         * @description The id of a task: a version 4 UUID.
         */
        TaskId: string;
        /** @description Only where this request has made the world: its name. */
        CreatedWorld: string;
        /**
         * Format: uuid
         * @description The id of an avatar, a voice or a document: a version 4 UUID.
         */
        AssetId: string;
        /** @description The public name of a world. */
        WorldName: string;
        /** @description The name of a snapshot. */
        SnapshotName: string;
        /** @description The name of a fault. */
        FaultName: string;
        /** @description The name of a fault, also of one that a scenario or a binding gave it. */
        AnyFaultName: string;
        /** @description The id of an avatar: a preset's, or the UUID of a custom one. */
        AvatarName: string;
        /** @description The name of a scenario. */
        ScenarioName: string;
        /** @description An operation that only the document given with `--spec` has. */
        NewOperation: string;
        /**
         * @description An operation of the Runway API.
         * @enum {unknown}
         */
        RunwayOperation: "createSession" | "getSession" | "deleteSession" | "consumeSession" | "connectBackend" | "createImageToVideo" | "createTextToVideo" | "createVideoToVideo" | "createTextToImage" | "createImageUpscale" | "createVideoUpscale" | "createVideoToHdr" | "createVideoToAudio" | "createCharacterPerformance" | "createSoundEffect" | "createSpeechToSpeech" | "createTextToSpeech" | "createVoiceDubbing" | "createVoiceIsolation" | "createAvatarVideo" | "createAdLocalization" | "createMarketingStockImage" | "createMultiShotVideo" | "createProductAd" | "createProductCampaignImage" | "createProductSwap" | "createProductUgc" | "getTask" | "deleteTask" | "getOrganization" | "queryUsage" | "listAvatars" | "createAvatar" | "getAvatar" | "updateAvatar" | "deleteAvatar" | "listVoices" | "createVoice" | "getVoice" | "updateVoice" | "deleteVoice" | "previewVoice" | "listDocuments" | "createDocument" | "getDocument" | "updateDocument" | "deleteDocument" | "listConversations" | "getConversation" | "deleteConversation" | "getAvatarUsage" | "runWorkflow" | "getWorkflowInvocation" | "listWorkflows" | "getWorkflow" | "generateVideo" | "generateImage" | "generateAudio" | "listRouters" | "createRouter" | "getRouter" | "updateRouter" | "deleteRouter" | "listRouterRequests" | "listWebappUsage" | "listAuditLogs" | "getAuditLog" | "createUpload" | "storeUpload";
        /**
         * @description Where a session is; the wire's status says less.
         * @enum {unknown}
         */
        State: "queued" | "provisioning" | "ready" | "claimed" | "running" | "completed" | "failed" | "cancelled";
        /**
         * @description Where a task is.
         * @enum {unknown}
         */
        TaskState: "throttled" | "pending" | "running" | "succeeded" | "failed" | "cancelled";
        /**
         * @description What can happen to a task.
         * @enum {unknown}
         */
        TaskEvent: "released" | "admitted" | "started" | "succeeded" | "failed" | "cancelled";
        /**
         * @description Where a session, a task or a stored resource is.
         * @enum {unknown}
         */
        AnyState: "queued" | "provisioning" | "ready" | "claimed" | "running" | "completed" | "failed" | "cancelled" | "throttled" | "pending" | "succeeded" | "processing" | "deleted";
        /**
         * @description What can happen to a session.
         * @enum {unknown}
         */
        Event: "released" | "admitted" | "provisioned" | "consumed" | "claimed" | "joined" | "entered" | "billed" | "ended" | "capped" | "unpaid" | "expired" | "failed" | "cancelled";
        /**
         * @description What can be made to happen: all but what free capacity does.
         * @enum {unknown}
         */
        EventByHand: "provisioned" | "consumed" | "claimed" | "joined" | "entered" | "billed" | "ended" | "capped" | "unpaid" | "expired" | "failed" | "cancelled";
        /**
         * @description An operation of this document that changes a world and is repeated by a replay.
         * @enum {unknown}
         */
        Act: "setClockRate" | "moveClock" | "putScenario" | "bindAvatar" | "unbindAvatar" | "addFault" | "removeFault" | "removeFaults" | "makeSession" | "occur" | "makeAsset" | "occurToAsset" | "direct" | "reportCall" | "makeTask" | "occurTask" | "reportDownload" | "putCredits" | "applySeed";
        /** @description Why a session failed. */
        Failure: {
            /** @description The stable part. */
            code: string;
            /** @description For people. */
            text: string;
        };
        /** @description All worlds of the server. */
        WorldList: {
            worlds: components["schemas"]["World"][];
        };
        /** @description A world, in numbers. */
        World: {
            created?: components["schemas"]["CreatedWorld"];
            name: components["schemas"]["WorldName"];
            /** @description Its first instant. */
            epoch: components["schemas"]["Instant"];
            /** @description When it was last used: POSIX seconds of real time. In lists of worlds only. */
            used_at?: number;
            /** @description The name of what it follows. */
            scenario: string;
            clock: components["schemas"]["Clock"];
            /** @description Sessions that are kept. */
            sessions: number;
            /** @description Sessions that take up capacity. */
            active: number;
            /** @description Calls to the Runway API so far. */
            calls: number;
            /** @description Faults that are about all calls. */
            faults: number;
            /** @description Journal entries that are kept. */
            entries: number;
            /** @description No application has ever called it. */
            only_admin: boolean;
        };
        /** @description What a world's clock shows. */
        Clock: {
            created?: components["schemas"]["CreatedWorld"];
            now: components["schemas"]["Instant"];
            /** @description Its seconds in a real one; 0: it stands still. */
            rate: number;
            /** @description When something happens by itself next. */
            next_due_at: components["schemas"]["InstantOrNull"];
        };
        /** @description How fast a clock goes. */
        ClockRate: {
            /** @description Its seconds in a real one; 0: it stands still. */
            rate: number;
        };
        /** @description How a clock is moved forward: one of the two. */
        ClockMove: {
            by?: components["schemas"]["Span"];
            /** @description What is due next, or POSIX seconds. */
            to?: "next" | number;
        };
        /** @description How a world begins; what is not said is as it was at its last beginning. */
        Beginning: {
            /** @description What its random choices follow from. */
            seed?: string;
            /** @description How fast its clock goes. */
            rate?: number;
            /** @description The scenario it follows. */
            name?: components["schemas"]["ScenarioName"];
        };
        /** @description What the copy is called. */
        Fork: {
            name: components["schemas"]["WorldName"];
        };
        /** @description The snapshots of a world. */
        SnapshotList: {
            snapshots: components["schemas"]["Snapshot"][];
        };
        /** @description A world as it was. */
        Snapshot: {
            created?: components["schemas"]["CreatedWorld"];
            name: components["schemas"]["SnapshotName"];
            at: components["schemas"]["Instant"];
        };
        /** @description What the snapshot is called. */
        NewSnapshot: {
            /** @description Without one, it gets a name of its own. */
            name?: components["schemas"]["SnapshotName"];
        };
        /** @description What can be chosen by name. */
        ScenarioList: {
            scenarios: components["schemas"]["ScenarioLine"][];
        };
        /** @description A scenario, in short. */
        ScenarioLine: {
            name: components["schemas"]["ScenarioName"];
            /** @description What it is. */
            about: string;
            /** @description What a client sees. */
            wire: string;
            /** @description What becomes of sessions and account. */
            state: string;
            /** @description What can choose it. */
            doors: ("tools" | "address or header" | "API secret" | "avatar" | "prompt")[];
            /** @description The UUID of the avatar that chooses it. */
            avatar: string | null;
        };
        /** @description A scenario, by its name and its data. */
        Scenario: {
            created?: components["schemas"]["CreatedWorld"];
            /** @description Its name. */
            name: string;
            /** @description What it is. */
            about: string;
            data: components["schemas"]["ScenarioData"];
        };
        /** @description A step after a tool call. */
        FollowUpStep: {
            /** @description Says a text, in the transcript word by word; the startScript is said before all steps. 2.5 words per second. */
            say?: string | {
                text: string;
                words_per_s?: number;
            };
            /** @description Calls a client_event tool that the session declared. */
            client_event?: {
                tool: string;
                /** @description What the tool is given. */
                args?: components["schemas"]["AnyObject"];
            };
            /** @description Calls a backend_rpc tool that the session declared, and goes on by what comes of it. */
            call_tool?: {
                tool: string;
                /** @description What the tool is given. */
                args?: components["schemas"]["AnyObject"];
                /** @description Without it, as the tool declared. */
                timeout?: string;
            };
            /** @description Waits, and does what the admin API tells it meanwhile. */
            wait?: string;
            /** @description Waits; what the admin API tells it is done afterwards. */
            silence?: string;
            /** @description Waits until a user has spoken, by the level of the sound. */
            wait_for_speech?: {
                at_most?: string;
            };
            /** @description The server makes everyone leave the room. */
            leave?: {
                /** @enum {unknown} */
                reason: "CLIENT_INITIATED" | "DUPLICATE_IDENTITY" | "SERVER_SHUTDOWN" | "PARTICIPANT_REMOVED" | "ROOM_DELETED" | "STATE_MISMATCH" | "JOIN_FAILURE" | "MIGRATION" | "SIGNAL_CLOSE" | "ROOM_CLOSED" | "USER_UNAVAILABLE" | "USER_REJECTED" | "SIP_TRUNK_FAILURE" | "CONNECTION_TIMEOUT" | "MEDIA_FAILURE" | "AGENT_ERROR";
            };
            /**
             * @description Ends the call; the session is completed.
             * @constant
             */
            end?: true;
            /** @description The picture stands still, or moves again. */
            freeze_video?: boolean;
            /** @description No sound comes, or comes again. */
            mute_audio?: boolean;
            /**
             * @description Breaks everyone's connection, as a bad network does.
             * @constant
             */
            drop_socket?: true;
            /** @description Sends a data packet of any text. */
            send?: {
                data: string;
                times?: number;
            };
        };
        /** @description A step of a script: one of these keys. */
        ScriptStep: {
            /** @description Says a text, in the transcript word by word; the startScript is said before all steps. 2.5 words per second. */
            say?: string | {
                text: string;
                words_per_s?: number;
            };
            /** @description Calls a client_event tool that the session declared. */
            client_event?: {
                tool: string;
                /** @description What the tool is given. */
                args?: components["schemas"]["AnyObject"];
            };
            /** @description Calls a backend_rpc tool that the session declared, and goes on by what comes of it. */
            call_tool?: {
                tool: string;
                /** @description What the tool is given. */
                args?: components["schemas"]["AnyObject"];
                /** @description Without it, as the tool declared. */
                timeout?: string;
                /** @description What follows an answer, an error, and neither in time. */
                then?: {
                    answered?: components["schemas"]["FollowUpStep"][];
                    failed?: components["schemas"]["FollowUpStep"][];
                    timeout?: components["schemas"]["FollowUpStep"][];
                };
            };
            /** @description Waits, and does what the admin API tells it meanwhile. */
            wait?: string;
            /** @description Waits; what the admin API tells it is done afterwards. */
            silence?: string;
            /** @description Waits until a user has spoken, by the level of the sound. */
            wait_for_speech?: {
                at_most?: string;
            };
            /** @description The server makes everyone leave the room. */
            leave?: {
                /** @enum {unknown} */
                reason: "CLIENT_INITIATED" | "DUPLICATE_IDENTITY" | "SERVER_SHUTDOWN" | "PARTICIPANT_REMOVED" | "ROOM_DELETED" | "STATE_MISMATCH" | "JOIN_FAILURE" | "MIGRATION" | "SIGNAL_CLOSE" | "ROOM_CLOSED" | "USER_UNAVAILABLE" | "USER_REJECTED" | "SIP_TRUNK_FAILURE" | "CONNECTION_TIMEOUT" | "MEDIA_FAILURE" | "AGENT_ERROR";
            };
            /**
             * @description Ends the call; the session is completed.
             * @constant
             */
            end?: true;
            /** @description The picture stands still, or moves again. */
            freeze_video?: boolean;
            /** @description No sound comes, or comes again. */
            mute_audio?: boolean;
            /**
             * @description Breaks everyone's connection, as a bad network does.
             * @constant
             */
            drop_socket?: true;
            /** @description Sends a data packet of any text. */
            send?: {
                data: string;
                times?: number;
            };
        };
        /** @description How calls are set up. */
        CallSetup: {
            /**
             * @description What becomes of those who join.
             * @enum {unknown}
             */
            join?: "accept" | "refuse";
            /**
             * @description When the avatar appears; if it never does, no script is played.
             * @enum {unknown}
             */
            avatar?: "at once" | "late" | "never";
            /** @description From the first join to an avatar that is late. */
            avatar_after?: string;
            /**
             * @description How transcripts are sent: as data of Runway's, as LiveKit's own packets, or as both.
             * @enum {unknown}
             */
            transcript?: "data" | "native" | "both";
            /**
             * @description What becomes of each transcript and client event.
             * @enum {unknown}
             */
            data?: "once" | "lost" | "doubled";
        };
        /** @description Which calls; every condition given must hold. Leave it out for all calls. */
        FaultMatch: {
            /** @description The operation's id. A server with a newer document knows its operations, too. */
            operation?: ("createSession" | "getSession" | "deleteSession" | "consumeSession" | "connectBackend" | "createImageToVideo" | "createTextToVideo" | "createVideoToVideo" | "createTextToImage" | "createImageUpscale" | "createVideoUpscale" | "createVideoToHdr" | "createVideoToAudio" | "createCharacterPerformance" | "createSoundEffect" | "createSpeechToSpeech" | "createTextToSpeech" | "createVoiceDubbing" | "createVoiceIsolation" | "createAvatarVideo" | "createAdLocalization" | "createMarketingStockImage" | "createMultiShotVideo" | "createProductAd" | "createProductCampaignImage" | "createProductSwap" | "createProductUgc" | "getTask" | "deleteTask" | "generateVideo" | "generateImage" | "generateAudio" | "runWorkflow" | "getWorkflowInvocation" | "listRouters" | "createRouter" | "getRouter" | "updateRouter" | "deleteRouter" | "listRouterRequests" | "listWorkflows" | "getWorkflow" | "getOrganization" | "queryUsage" | "listWebappUsage" | "listAuditLogs" | "getAuditLog" | "listAvatars" | "createAvatar" | "getAvatar" | "updateAvatar" | "deleteAvatar" | "listVoices" | "createVoice" | "getVoice" | "updateVoice" | "deleteVoice" | "previewVoice" | "listDocuments" | "createDocument" | "getDocument" | "updateDocument" | "deleteDocument" | "listConversations" | "getConversation" | "deleteConversation" | "getAvatarUsage" | "createUpload" | "storeUpload") | ("createSession" | "getSession" | "deleteSession" | "consumeSession" | "connectBackend" | "createImageToVideo" | "createTextToVideo" | "createVideoToVideo" | "createTextToImage" | "createImageUpscale" | "createVideoUpscale" | "createVideoToHdr" | "createVideoToAudio" | "createCharacterPerformance" | "createSoundEffect" | "createSpeechToSpeech" | "createTextToSpeech" | "createVoiceDubbing" | "createVoiceIsolation" | "createAvatarVideo" | "createAdLocalization" | "createMarketingStockImage" | "createMultiShotVideo" | "createProductAd" | "createProductCampaignImage" | "createProductSwap" | "createProductUgc" | "getTask" | "deleteTask" | "generateVideo" | "generateImage" | "generateAudio" | "runWorkflow" | "getWorkflowInvocation" | "listRouters" | "createRouter" | "getRouter" | "updateRouter" | "deleteRouter" | "listRouterRequests" | "listWorkflows" | "getWorkflow" | "getOrganization" | "queryUsage" | "listWebappUsage" | "listAuditLogs" | "getAuditLog" | "listAvatars" | "createAvatar" | "getAvatar" | "updateAvatar" | "deleteAvatar" | "listVoices" | "createVoice" | "getVoice" | "updateVoice" | "deleteVoice" | "previewVoice" | "listDocuments" | "createDocument" | "getDocument" | "updateDocument" | "deleteDocument" | "listConversations" | "getConversation" | "deleteConversation" | "getAvatarUsage" | "createUpload" | "storeUpload")[];
            /** @description The HTTP method. */
            method?: ("GET" | "POST" | "PATCH" | "DELETE") | ("GET" | "POST" | "PATCH" | "DELETE")[];
            /** @description The path's template, such as /v1/realtime_sessions/{id}/consume. */
            path?: ("/v1/realtime_sessions" | "/v1/realtime_sessions/{id}" | "/v1/realtime_sessions/{id}/consume" | "/v1/realtime_sessions/{id}/connect_backend" | "/v1/image_to_video" | "/v1/text_to_video" | "/v1/video_to_video" | "/v1/text_to_image" | "/v1/image_upscale" | "/v1/video_upscale" | "/v1/video_to_hdr" | "/v1/video_to_audio" | "/v1/character_performance" | "/v1/sound_effect" | "/v1/speech_to_speech" | "/v1/text_to_speech" | "/v1/voice_dubbing" | "/v1/voice_isolation" | "/v1/avatar_videos" | "/v1/recipes/ad_localization" | "/v1/recipes/marketing_stock_image" | "/v1/recipes/multi_shot_video" | "/v1/recipes/product_ad" | "/v1/recipes/product_campaign_image" | "/v1/recipes/product_swap" | "/v1/recipes/product_ugc" | "/v1/tasks/{id}" | "/v1/generate/video" | "/v1/generate/image" | "/v1/generate/audio" | "/v1/workflows/{id}" | "/v1/workflow_invocations/{id}" | "/v1/routers" | "/v1/routers/{id}" | "/v1/routers/{id}/requests" | "/v1/workflows" | "/v1/organization" | "/v1/organization/usage" | "/v1/organization/webapp/usage" | "/v1/organization/webapp/audit_logs" | "/v1/organization/webapp/audit_logs/{eventId}" | "/v1/avatars" | "/v1/avatars/{id}" | "/v1/voices" | "/v1/voices/{id}" | "/v1/voices/preview" | "/v1/documents" | "/v1/documents/{id}" | "/v1/avatar_conversations" | "/v1/avatar_conversations/{id}" | "/v1/avatar_usage" | "/v1/uploads" | "/_uploads/{id}") | ("/v1/realtime_sessions" | "/v1/realtime_sessions/{id}" | "/v1/realtime_sessions/{id}/consume" | "/v1/realtime_sessions/{id}/connect_backend" | "/v1/image_to_video" | "/v1/text_to_video" | "/v1/video_to_video" | "/v1/text_to_image" | "/v1/image_upscale" | "/v1/video_upscale" | "/v1/video_to_hdr" | "/v1/video_to_audio" | "/v1/character_performance" | "/v1/sound_effect" | "/v1/speech_to_speech" | "/v1/text_to_speech" | "/v1/voice_dubbing" | "/v1/voice_isolation" | "/v1/avatar_videos" | "/v1/recipes/ad_localization" | "/v1/recipes/marketing_stock_image" | "/v1/recipes/multi_shot_video" | "/v1/recipes/product_ad" | "/v1/recipes/product_campaign_image" | "/v1/recipes/product_swap" | "/v1/recipes/product_ugc" | "/v1/tasks/{id}" | "/v1/generate/video" | "/v1/generate/image" | "/v1/generate/audio" | "/v1/workflows/{id}" | "/v1/workflow_invocations/{id}" | "/v1/routers" | "/v1/routers/{id}" | "/v1/routers/{id}/requests" | "/v1/workflows" | "/v1/organization" | "/v1/organization/usage" | "/v1/organization/webapp/usage" | "/v1/organization/webapp/audit_logs" | "/v1/organization/webapp/audit_logs/{eventId}" | "/v1/avatars" | "/v1/avatars/{id}" | "/v1/voices" | "/v1/voices/{id}" | "/v1/voices/preview" | "/v1/documents" | "/v1/documents/{id}" | "/v1/avatar_conversations" | "/v1/avatar_conversations/{id}" | "/v1/avatar_usage" | "/v1/uploads" | "/_uploads/{id}")[];
            /** @description Which session of the world, counted from 0. */
            session?: number | number[];
            /** @description Which task of the world, counted from 0. */
            task?: number | number[];
            /** @description Which avatar of the world, counted from 0. */
            avatar?: number | number[];
            /** @description Which voice of the world, counted from 0. */
            voice?: number | number[];
            /** @description Which document of the world, counted from 0. */
            document?: number | number[];
            /** @description Which router of the world, counted from 0. */
            router?: number | number[];
            /** @description The session or task or avatar or voice or document or router's state when the call comes; with acted: true, after it was acted on. */
            state?: ("queued" | "provisioning" | "ready" | "claimed" | "running" | "completed" | "failed" | "cancelled" | "throttled" | "pending" | "succeeded" | "processing" | "deleted") | ("queued" | "provisioning" | "ready" | "claimed" | "running" | "completed" | "failed" | "cancelled" | "throttled" | "pending" | "succeeded" | "processing" | "deleted")[];
            /** @description The status that would be answered. */
            status?: number | number[];
            /** @description Which of the calls that match otherwise, counted from 1. */
            nth?: number | number[];
            /**
             * @description create: before it is stored. created: stored, the reply not out. ready: any call between READY and consume. consume: before the key is used. consumed: used, the reply not out. running: any call about a running session. task-create: before a task is stored. task-created: a task is stored, the reply not out. throttled: any call about a throttled task. pending: any call about a pending task. task-running: any call about a running task. succeeded: any call about a succeeded task. avatar-create: before an avatar is stored. avatar-created: an avatar is stored, the reply not out. avatar-processing: any call about an avatar that is processed. avatar-ready: any call about an avatar that is ready. voice-create: before a voice is stored. voice-created: a voice is stored, the reply not out. voice-processing: any call about a voice that is processed. voice-ready: any call about a voice that is ready. document-create: before a document is stored. document-created: a document is stored, the reply not out. document-processing: any call about a document that is processed. document-ready: any call about a document that is ready.
             * @enum {unknown}
             */
            moment?: "create" | "created" | "ready" | "consume" | "consumed" | "running" | "task-create" | "task-created" | "throttled" | "pending" | "task-running" | "succeeded" | "avatar-create" | "avatar-created" | "avatar-processing" | "avatar-ready" | "voice-create" | "voice-created" | "voice-processing" | "voice-ready" | "document-create" | "document-created" | "document-processing" | "document-ready";
        };
        /** @description What happens. Several effects of one fault are applied together. */
        FaultEffect: {
            /**
             * @description Happens to the addressed session or task or avatar or voice or document or router just before the call is looked at, if its state allows it.
             * @enum {unknown}
             */
            event?: "billed" | "cancelled" | "capped" | "claimed" | "consumed" | "deleted" | "ended" | "entered" | "expired" | "failed" | "joined" | "processed" | "provisioned" | "started" | "succeeded" | "unpaid";
            /** @description Answer this status with a body in the provider's form. */
            status?: number | {
                code: number;
                /** @description The text. */
                error?: string;
            };
            /** @description Send this text as the body, HTML unless `type` says otherwise. */
            page?: string | {
                text: string;
                type?: string;
            };
            /** @description Put these fields into the body, null included; known ones are changed. */
            set?: {
                [key: string]: unknown;
            };
            /** @description Leave these fields out of the body. */
            omit?: string[];
            /** @description Move these instants of the body by a span: -10m is into the past. */
            shift?: {
                [key: string]: string;
            };
            /** @description Set these headers. */
            headers?: {
                [key: string]: string;
            };
            /** @description Declare the body to be of this type, whatever it is. */
            content_type?: string;
            /**
             * @description Send JSON whose last byte is missing; the length agrees with that.
             * @constant
             */
            malformed?: true;
            /** @description Hold the answer back this long, in the world's time. */
            delay?: string;
            /** @description Send the body in pieces of `bytes` (1), each after `every` (50ms) of the world's time. */
            dribble?: {
                bytes?: number;
                every?: string;
            };
            /** @description Close after so many bytes of the body; the length promises all. */
            truncate?: number;
            /**
             * @description Reset the connection instead of answering.
             * @constant
             */
            reset?: true;
            /**
             * @description Close the connection without a byte.
             * @constant
             */
            empty?: true;
            /**
             * @description Keep the connection open and never answer.
             * @constant
             */
            hang?: true;
            /**
             * @description Act on the request, then reset the connection: the reply is lost.
             * @constant
             */
            lost?: true;
        };
        /** @description Something that goes wrong: which calls, what happens, how often. */
        Fault: {
            /** @description Shown in the journal; unique in its world. */
            name?: string;
            /** @description Which calls; every condition given must hold. Leave it out for all calls. */
            match?: components["schemas"]["FaultMatch"];
            /** @description What happens. Several effects of one fault are applied together. */
            effect: components["schemas"]["FaultEffect"];
            /** @description Whether the server acts on the request first. By default it does unless an effect answers by itself (status, reset, empty, hang) or comes before (event). */
            acted?: boolean;
            /** @description How often at most; without it, always. */
            times?: number;
            /** @description Let so many matching calls go by first. */
            skip?: number;
            /** @description Only each matching call whose number is a multiple of it: 3 means the 3rd, the 6th, ... */
            every?: number;
            /** @description Not before, counted from being put in place. */
            from?: string;
            /** @description No longer, counted from being put in place. */
            until?: string;
            /** @description Of happening, by the world's seed. */
            probability?: number;
        };
        /** @description How sessions go. This is the part that an avatar can choose. */
        SessionForm: {
            /** @description Stays queued this long, whatever capacity there is. */
            queued?: string;
            /** @description From admitted to READY. */
            provision_time?: string;
            /** @description From READY to expiresAt. */
            expires_in?: string;
            /** @description RUNNING ends after this at the latest. */
            session_cap?: "none" | string;
            /**
             * @description What makes a READY session RUNNING. Default: "consume".
             * @enum {unknown}
             */
            running_on?: "consume" | "join";
            /** @description With running_on: join, from consume to the participant; 1s. */
            join_time?: string;
            /** @description The room that tokens let into; null: the session's own. */
            token_room?: string | null;
            /** @description How a call begins, and how the avatar's data travels. */
            call?: components["schemas"]["CallSetup"];
            /** @description What the avatar does in a call, step by step. */
            script?: components["schemas"]["ScriptStep"][];
            /** @description What happens by itself; of several things for a state at most one. */
            then?: {
                /**
                 * @description The state in which it happens.
                 * @enum {unknown}
                 */
                in: "queued" | "provisioning" | "ready" | "claimed" | "running";
                /**
                 * @description What happens.
                 * @enum {unknown}
                 */
                event: "cancelled" | "capped" | "claimed" | "consumed" | "ended" | "entered" | "expired" | "failed" | "joined" | "provisioned" | "unpaid" | "nothing";
                /** @description How long after entering the state; 0s. */
                after?: string;
                /** @description Why a session failed. */
                failure?: {
                    code: string;
                    text: string;
                };
                /** @description Of happening, by the world's seed; for one state at most 1 together. */
                probability?: number;
                /** @description Its share of all that are given for the state; one of them happens. */
                weight?: number;
            }[];
            /** @description What goes wrong with calls about these sessions; counted for each session apart, creates for the world. */
            faults?: components["schemas"]["Fault"][];
        };
        /** @description How the account behaves. What is not said stays as the server was told at its start. */
        AccountForm: {
            /** @description Granted at the start. Default: 100000. */
            credits?: number | "unlimited";
            /** @description Sessions active at once; more are queued. Default: 20. */
            concurrency?: number | "unlimited";
            /** @description Creates in any 24 hours. Default: 25000. */
            daily?: number | "unlimited";
            /** @description Ended sessions that stay readable. */
            retained?: number;
            /**
             * @description What the server thinks of the API secret. Default: "valid".
             * @enum {unknown}
             */
            key?: "valid" | "unknown" | "suspended";
            /**
             * @description Missing credits: 402 as the setup guide says, or 400 as seen live. Default: "guide".
             * @enum {unknown}
             */
            errors?: "guide" | "observed";
            /**
             * @description A running session that cannot be paid any more. Default: "complete".
             * @enum {unknown}
             */
            unpaid?: "complete" | "fail" | "overdraw";
            /** @description Send Retry-After when out of quota. Default: true. */
            retry_after?: boolean;
            /** @description Error bodies carry docUrl. Default: true. */
            doc_url?: boolean;
            /**
             * @description DELETE of a session that has ended. Default: 204.
             * @enum {unknown}
             */
            delete_again?: 204 | 404;
            /**
             * @description materialise: any well-formed id is a session. Default: "refuse".
             * @enum {unknown}
             */
            unknown_ids?: "refuse" | "materialise";
            /**
             * @description Keys that the API does not know. Default: "refuse".
             * @enum {unknown}
             */
            unknown_keys?: "refuse" | "ignore";
            /**
             * @description strict: empty or JSON; typed: also, a Content-Type is required. Default: "strict".
             * @enum {unknown}
             */
            consume_body?: "strict" | "lenient" | "typed";
            /**
             * @description X-Runway-Version on every call but consume. Default: "required".
             * @enum {unknown}
             */
            version_header?: "required" | "ignored";
            /** @description The UUIDs of custom avatars that exist. */
            custom_avatars?: "any" | string[];
            /** @description Every answer is held back this long. */
            latency?: string;
            /**
             * @description The usage tier, which limits the tasks of each model. Default: 5.
             * @enum {unknown}
             */
            tier?: 1 | 2 | 3 | 4 | 5;
            /** @description Tasks of one model active at once; more are THROTTLED. Default: "tier". */
            task_concurrency?: "tier" | number | "unlimited";
            /** @description Creates for one model in any 24 hours. Default: "tier". */
            task_daily?: "tier" | number | "unlimited";
            /**
             * @description What a failed task costs; documented: nothing, unless moderation failed it. Default: "documented".
             * @enum {unknown}
             */
            failed_task_cost?: "full" | "zero" | "documented";
            /**
             * @description What a task costs that was deleted before it ended. Default: "full".
             * @enum {unknown}
             */
            cancelled_task_cost?: "full" | "zero";
            /**
             * @description GET of a task that was deleted before it ended. Default: 404.
             * @enum {unknown}
             */
            deleted_task?: 404 | "cancelled";
            /** @description A tag [fake:NAME] in a prompt selects the task form of a scenario. Default: true. */
            prompt_tags?: boolean;
            /**
             * @description Files in a create that are not as documented. Default: "documented".
             * @enum {unknown}
             */
            bad_inputs?: "documented" | "refuse" | "accept";
            /**
             * @description A create for veo3, gen4_aleph or gen3a_turbo, checked as one for the model after it. Default: "refuse".
             * @enum {unknown}
             */
            retired_models?: "refuse" | "accept";
            /** @description Bytes of an upload, at least. */
            smallest_upload?: number;
            /** @description Bytes of an upload, at most. */
            largest_upload?: number;
            /** @description Bytes that all uploads of a world may take. Default: 268435456. */
            upload_bytes?: number | "unlimited";
            /** @description How long a slot waits for its file. */
            upload_slot?: string;
            /** @description How long an upload can be used, counted from its slot. */
            upload_lifetime?: string;
            /** @description The published workflows; example: one that draws, films and speaks. Default: "example". */
            workflows?: "example" | {
                name: string;
                description?: string;
                /** @description How many are published, all with this graph. */
                versions?: number;
                /** @description Each behind those that it waits for. */
                nodes: ({
                    name: string;
                    /** @description A version 4 UUID; without one, it follows from the names. */
                    id?: string;
                    /** @description A value, which a run may replace if it is exposed. */
                    gives: {
                        key: string;
                        /** @enum {unknown} */
                        type: "string" | "number" | "boolean" | "image" | "video" | "audio";
                        value: string | number | boolean;
                        exposed?: boolean;
                        label?: string;
                    };
                } | {
                    name: string;
                    /** @description A version 4 UUID; without one, it follows from the names. */
                    id?: string;
                    /** @description A path below /v1/, such as text_to_video. */
                    endpoint: string;
                    /** @description As of that endpoint. */
                    body: components["schemas"]["AnyObject"];
                    /** @description Which field of the body is the output of which node. */
                    takes?: {
                        field: string;
                        from: string;
                    }[];
                    /** @description Nodes that it waits for, too. */
                    after?: string[];
                })[];
            }[];
            /** @description Runs of workflows active at once; more are THROTTLED. Default: "unlimited". */
            workflow_concurrency?: number | "unlimited";
            /**
             * @description DELETE of the task with the id of a workflow's run. Default: 204.
             * @enum {unknown}
             */
            workflow_delete?: 204 | 404;
            /** @description Models whose capacity others take up: tasks are THROTTLED, routers with onCapacity skip them. Default: []. */
            busy_models?: "all" | string[];
            /** @description Models that routers do not choose, whatever their settings allow. Default: []. */
            disabled_models?: "all" | string[];
            /**
             * @description What ranks eligible models; fails: the first in the order of the filters is chosen. Default: "works".
             * @enum {unknown}
             */
            router_ranking?: "works" | "fails";
            /**
             * @description A create of a router whose slug another one has; replace: the other one is gone. Default: 400.
             * @enum {unknown}
             */
            same_slug?: 400 | "replace";
            /**
             * @description Whether a workspace of the web app is linked, whose usage and audit log can be read. Default: "linked".
             * @enum {unknown}
             */
            workspace?: "linked" | "none";
            /** @description From the create of an avatar, or a new image of it, to READY or FAILED. */
            avatar_processing?: string;
            /** @description Why the processing of avatars fails; null: it does not. */
            avatar_failure?: null | ("NO_FACE" | "MODERATION" | "IMAGE_INVALID" | "AUDIO_INVALID" | "AUDIO_TOO_SHORT" | "AUDIO_TOO_NOISY" | "DOCUMENT_UNREADABLE" | "INTERNAL") | {
                code: string;
                text: string;
            };
            /** @description From the create of a voice to READY or FAILED. */
            voice_processing?: string;
            /** @description Why the processing of voices fails; null: it does not. */
            voice_failure?: null | ("NO_FACE" | "MODERATION" | "IMAGE_INVALID" | "AUDIO_INVALID" | "AUDIO_TOO_SHORT" | "AUDIO_TOO_NOISY" | "DOCUMENT_UNREADABLE" | "INTERNAL") | {
                code: string;
                text: string;
            };
            /** @description From the create of a document, or a new text of it, to where avatars can use it. */
            document_processing?: string;
            /** @description Why the processing of documents fails; null: it does not. */
            document_failure?: null | ("NO_FACE" | "MODERATION" | "IMAGE_INVALID" | "AUDIO_INVALID" | "AUDIO_TOO_SHORT" | "AUDIO_TOO_NOISY" | "DOCUMENT_UNREADABLE" | "INTERNAL") | {
                code: string;
                text: string;
            };
            /** @description Custom avatars that clients may have at once; one more is 400. Default: 10000. */
            max_avatars?: number | "unlimited";
            /** @description Custom voices that clients may have at once; one more is 400. Default: 10000. */
            max_voices?: number | "unlimited";
            /** @description Documents that clients may have at once; one more is 400. Default: 1000. */
            max_documents?: number | "unlimited";
            /** @description Tokens (of 4 characters) in all documents of one avatar; more are 400. Default: 50000. */
            knowledge_tokens?: number | "unlimited";
            /** @description Characters in one document, beside the published 200,000; more are 400. Default: "unlimited". */
            document_characters?: number | "unlimited";
            /**
             * @description Use of an avatar, a voice or a document that is not READY: 400, or as if it was. Default: "refuse".
             * @enum {unknown}
             */
            assets_not_ready?: "refuse" | "accept";
            /**
             * @description PATCH without a field: 400, or nothing changes. Default: "refuse".
             * @enum {unknown}
             */
            empty_update?: "refuse" | "accept";
            /**
             * @description A cursor that no page of the list had: 400, or the list from its beginning. Default: "refuse".
             * @enum {unknown}
             */
            unknown_cursor?: "refuse" | "first-page";
            /** @description How long a cursor works, counted from its page; later it is 400. */
            cursor_lifetime?: "forever" | string;
            /**
             * @description What another client does to a list of avatars, voices or documents between two pages. Default: "none".
             * @enum {unknown}
             */
            other_client?: "none" | "creates" | "deletes";
            /** @description Credits for a task of a model whose price is not known. */
            default_price?: number;
            /** @description What goes wrong with any call; counted for the whole world. */
            faults?: components["schemas"]["Fault"][];
        };
        /** @description How an account and its sessions behave, and what goes wrong. */
        ScenarioData: {
            /** @description Without one, the file's. */
            name?: string;
            /** @description What it is, in one sentence. */
            about?: string;
            /** @description What a client sees. */
            wire?: string;
            /** @description What becomes of sessions and account. */
            state?: string;
            /** @description How the account behaves. What is not said stays as the server was told at its start. */
            account?: components["schemas"]["AccountForm"];
            /** @description How sessions go. This is the part that an avatar can choose. */
            session?: components["schemas"]["SessionForm"];
            /** @description How tasks go. This is the part that a tag in a prompt can choose. */
            task?: {
                /** @description Stays THROTTLED this long, whatever capacity there is. */
                throttled?: string;
                /** @description From admitted to RUNNING. */
                pending?: string;
                /** @description From RUNNING to its end; usual: as long as its model usually takes. */
                run?: "usual" | string;
                /** @description The progress while RUNNING; without steps, even ones every 5 seconds. */
                progress?: {
                    /** @description How long after the start, or after which part of the run. */
                    at: string;
                    /** @description The progress from then on. */
                    is: number;
                }[];
                /** @description It fails at the end of its run, for this reason; null: it succeeds. */
                failure?: null | (("SAFETY.INPUT.TEXT" | "SAFETY.INPUT.IMAGE" | "SAFETY.INPUT.VIDEO" | "SAFETY.INPUT.AUDIO" | "SAFETY.OUTPUT.IMAGE" | "SAFETY.OUTPUT.VIDEO" | "SAFETY.OUTPUT.AUDIO" | "SAFETY" | "INPUT_PREPROCESSING.SAFETY.TEXT" | "INPUT_PREPROCESSING.SAFETY.THIRD_PARTY" | "INPUT_PREPROCESSING.INTERNAL" | "INTERNAL.BAD_OUTPUT.CODE01" | "INTERNAL.BAD_OUTPUT.01" | "ASSET.INVALID" | "THIRD_PARTY.UNAVAILABLE" | "INTERNAL") | {
                    code: string;
                    text: string;
                });
                /**
                 * @description What a task that succeeded has made. Default: "files".
                 * @enum {unknown}
                 */
                output?: "files" | "none";
                /**
                 * @description What a download of an output gets. Default: "work".
                 * @enum {unknown}
                 */
                downloads?: "work" | "fail" | "fail-once" | "truncated" | "another-type";
                /** @description How long the address of an output works, counted from its GET. */
                output_lifetime?: string;
                /** @description What goes otherwise with nodes of a workflow's run. */
                nodes?: ({
                    /** @description first, middle or last in the order of their ends, all, or an id or a name. */
                    node: string;
                    /** @description Why a task fails: a code with a text of its own, or a documented code. */
                    failure: ("SAFETY.INPUT.TEXT" | "SAFETY.INPUT.IMAGE" | "SAFETY.INPUT.VIDEO" | "SAFETY.INPUT.AUDIO" | "SAFETY.OUTPUT.IMAGE" | "SAFETY.OUTPUT.VIDEO" | "SAFETY.OUTPUT.AUDIO" | "SAFETY" | "INPUT_PREPROCESSING.SAFETY.TEXT" | "INPUT_PREPROCESSING.SAFETY.THIRD_PARTY" | "INPUT_PREPROCESSING.INTERNAL" | "INTERNAL.BAD_OUTPUT.CODE01" | "INTERNAL.BAD_OUTPUT.01" | "ASSET.INVALID" | "THIRD_PARTY.UNAVAILABLE" | "INTERNAL") | {
                        code: string;
                        text: string;
                    };
                } | {
                    /** @description first, middle or last in the order of their ends, all, or an id or a name. */
                    node: string;
                    /**
                     * @description none: it is over without an output; never: it runs for ever.
                     * @enum {unknown}
                     */
                    output: "none" | "never";
                })[];
                /**
                 * @description What a failed node does to its run; continue: it succeeds if a last node has an output. Default: "stop".
                 * @enum {unknown}
                 */
                on_node_error?: "stop" | "continue";
                /** @description What happens by itself; of several things for a state at most one. */
                then?: {
                    /**
                     * @description The state in which it happens.
                     * @enum {unknown}
                     */
                    in: "throttled" | "pending" | "running";
                    /**
                     * @description What happens.
                     * @enum {unknown}
                     */
                    event: "cancelled" | "failed" | "started" | "succeeded" | "nothing";
                    /** @description How long after entering the state; 0s. */
                    after?: string;
                    /** @description Why a task fails: a code with a text of its own, or a documented code. */
                    failure?: ("SAFETY.INPUT.TEXT" | "SAFETY.INPUT.IMAGE" | "SAFETY.INPUT.VIDEO" | "SAFETY.INPUT.AUDIO" | "SAFETY.OUTPUT.IMAGE" | "SAFETY.OUTPUT.VIDEO" | "SAFETY.OUTPUT.AUDIO" | "SAFETY" | "INPUT_PREPROCESSING.SAFETY.TEXT" | "INPUT_PREPROCESSING.SAFETY.THIRD_PARTY" | "INPUT_PREPROCESSING.INTERNAL" | "INTERNAL.BAD_OUTPUT.CODE01" | "INTERNAL.BAD_OUTPUT.01" | "ASSET.INVALID" | "THIRD_PARTY.UNAVAILABLE" | "INTERNAL") | {
                        code: string;
                        text: string;
                    };
                    /** @description Of happening, by the world's seed; for one state at most 1 together. */
                    probability?: number;
                    /** @description Its share of all that are given for the state; one of them happens. */
                    weight?: number;
                }[];
                /** @description What goes wrong with calls about these tasks; counted for each task apart, creates for the world. */
                faults?: components["schemas"]["Fault"][];
            };
            /** @description Binds preset ids and UUIDs to other scenarios, by name or with a session form in place. Bound ids exist. */
            avatars?: {
                [key: string]: string | components["schemas"]["SessionForm"];
            };
            /** @description Of the worlds made with it. */
            seed?: string | number;
        };
        /** @description The session form that an avatar is bound to. */
        BoundForm: components["schemas"]["SessionForm"];
        /** @description What a world shall follow: a name, or the data of a scenario. */
        ScenarioChoice: {
            name?: components["schemas"]["ScenarioName"];
            scenario?: components["schemas"]["ScenarioData"];
        };
        /** @description The faults in place. */
        FaultList: {
            faults: components["schemas"]["PlacedFault"][];
        };
        /** @description A fault in place, and how often it struck. */
        PlacedFault: {
            created?: components["schemas"]["CreatedWorld"];
            /** @description Its name. */
            name: string;
            /** @description As it was given, without the name. */
            fault: components["schemas"]["Fault"];
            since: components["schemas"]["Instant"];
            /** @description Calls that matched. */
            seen: number;
            /** @description Calls that it struck. */
            struck: number;
            /** @description Whether it was added here, and can be removed. */
            by_hand: boolean;
        };
        /** @description Some sessions of a world. */
        SessionList: {
            sessions: components["schemas"]["SessionView"][];
            /** @description Sessions that have ended and are no longer kept, in whatever state. */
            gone: number;
        };
        /** @description Everything about a session that is no secret. */
        SessionView: {
            created?: components["schemas"]["CreatedWorld"];
            id: components["schemas"]["SessionId"];
            /** @description Which session of the world, from 0. */
            ordinal: number;
            state: components["schemas"]["State"];
            /** @description The event that led here; null for one just born. */
            event: components["schemas"]["Event"] | null;
            created_at: components["schemas"]["Instant"];
            changed_at: components["schemas"]["Instant"];
            ready_at: components["schemas"]["InstantOrNull"];
            started_at: components["schemas"]["InstantOrNull"];
            expires_at: components["schemas"]["InstantOrNull"];
            /** @description What happens by itself, and when. */
            next: components["schemas"]["NextEvent"] | null;
            /** @description Longest run, in seconds. */
            max_duration_s: number;
            /** @description Blocks of six seconds billed so far. */
            blocks: number;
            /** @description The scenario whose session form it follows. */
            scenario: string | null;
            /** @description Why it failed. */
            failure: components["schemas"]["Failure"] | null;
        };
        /** @description A session that was made by hand. */
        MadeSession: {
            created?: components["schemas"]["CreatedWorld"];
            id: components["schemas"]["SessionId"];
            /** @description Which session of the world, from 0. */
            ordinal: number;
            state: components["schemas"]["State"];
            /** @description The event that led here; null for one just born. */
            event: components["schemas"]["Event"] | null;
            created_at: components["schemas"]["Instant"];
            changed_at: components["schemas"]["Instant"];
            ready_at: components["schemas"]["InstantOrNull"];
            started_at: components["schemas"]["InstantOrNull"];
            expires_at: components["schemas"]["InstantOrNull"];
            /** @description What happens by itself, and when. */
            next: components["schemas"]["NextEvent"] | null;
            /** @description Longest run, in seconds. */
            max_duration_s: number;
            /** @description Blocks of six seconds billed so far. */
            blocks: number;
            /** @description The scenario whose session form it follows. */
            scenario: string | null;
            /** @description Why it failed. */
            failure: components["schemas"]["Failure"] | null;
            /** @description Consumes it; only while it is ready. */
            session_key?: string;
        };
        /** @description What happens by itself next. */
        NextEvent: {
            at: components["schemas"]["Instant"];
            event: components["schemas"]["Event"];
        };
        /** @description Some tasks of a world. */
        TaskList: {
            tasks: components["schemas"]["TaskView"][];
            /** @description Tasks that have ended and are no longer kept, in whatever state. */
            gone: number;
        };
        /** @description Everything about a task. */
        TaskView: {
            created?: components["schemas"]["CreatedWorld"];
            id: components["schemas"]["TaskId"];
            /** @description Which task of the world, from 0. */
            ordinal: number;
            state: components["schemas"]["TaskState"];
            /** @description The event that led here; null for one just created. */
            event: components["schemas"]["TaskEvent"] | null;
            created_at: components["schemas"]["Instant"];
            changed_at: components["schemas"]["Instant"];
            started_at: components["schemas"]["InstantOrNull"];
            /** @description What happens by itself, and when. */
            next: components["schemas"]["NextTaskEvent"] | null;
            /** @description What created it; null: its id was asked for, and unknown ids are made. */
            operation: string | null;
            /** @description As usage lists it; null as above. */
            model: string | null;
            /** @description While it runs. */
            progress: number | null;
            /** @description Credits, as its create said. */
            estimate: number;
            /** @description Credits, as charged by now. */
            cost: number;
            /** @description A client has deleted it after its end. */
            deleted: boolean;
            /** @description The scenario whose task form it follows. */
            scenario: string | null;
            /** @description Why it failed. */
            failure: components["schemas"]["Failure"] | null;
        };
        /** @description What happens by itself next to a task. */
        NextTaskEvent: {
            at: components["schemas"]["Instant"];
            event: components["schemas"]["TaskEvent"];
        };
        /** @description What happened to a task. */
        TaskTimeline: {
            task: components["schemas"]["TaskId"];
            entries: components["schemas"]["Entry"][];
            /** @description The same, for people. */
            lines: string[];
            gone: components["schemas"]["Gone"];
            uncertain: components["schemas"]["Uncertain"];
        };
        /** @description Where the outputs of a task are. */
        TaskOutputs: {
            /** @description Paths on this server, valid as long as the addresses that a GET of the task answers. */
            outputs: string[];
        };
        /**
         * @description What a stored resource is.
         * @enum {unknown}
         */
        AssetKind: "avatar" | "voice" | "document" | "router";
        /**
         * @description Where a stored resource is.
         * @enum {unknown}
         */
        AssetState: "processing" | "ready" | "failed" | "deleted";
        /**
         * @description What can happen to a stored resource.
         * @enum {unknown}
         */
        AssetEvent: "processed" | "failed" | "updated" | "replaced" | "deleted";
        /**
         * @description What can be made to happen: all but what a client's change does.
         * @enum {unknown}
         */
        AssetEventByHand: "processed" | "failed" | "deleted";
        /** @description Some avatars, voices and documents of a world. */
        AssetList: {
            assets: components["schemas"]["AssetView"][];
            /** @description Those that were deleted and are no longer kept. */
            gone: number;
        };
        /** @description An avatar, a voice or a document, without what it holds. */
        AssetView: {
            created?: components["schemas"]["CreatedWorld"];
            id: components["schemas"]["AssetId"];
            kind: components["schemas"]["AssetKind"];
            /** @description Which of its kind in the world, from 0. */
            ordinal: number;
            /** @description As the client calls it. */
            name: string;
            state: components["schemas"]["AssetState"];
            /** @description The event that led here; null for one just created. */
            event: components["schemas"]["AssetEvent"] | null;
            created_at: components["schemas"]["Instant"];
            changed_at: components["schemas"]["Instant"];
            /** @description When a client created or changed it. */
            updated_at: components["schemas"]["Instant"];
            /** @description What happens by itself, and when. */
            next: components["schemas"]["NextAssetEvent"] | null;
            /** @description Why it failed. */
            failure: components["schemas"]["Failure"] | null;
        };
        /** @description What happens by itself next to a stored resource. */
        NextAssetEvent: {
            at: components["schemas"]["Instant"];
            event: components["schemas"]["AssetEvent"];
        };
        /** @description What happened to an avatar, a voice or a document. */
        AssetTimeline: {
            id: components["schemas"]["AssetId"];
            entries: components["schemas"]["Entry"][];
            /** @description The same, for people. */
            lines: string[];
            gone: components["schemas"]["Gone"];
            uncertain: components["schemas"]["Uncertain"];
        };
        /** @description What an avatar, a voice or a document that is made by hand shall be. */
        NewAsset: {
            /**
             * @description What it is.
             * @enum {unknown}
             */
            kind: "avatar" | "voice" | "document";
            /** @description Missing: as after its create. */
            state?: components["schemas"]["AssetState"];
            /** @description Missing: one of ours. */
            name?: string;
            /** @description Only in the state failed. */
            failure?: components["schemas"]["Failure"];
        };
        /** @description What shall happen to an avatar, a voice or a document. */
        AssetOccurrence: {
            event: components["schemas"]["AssetEventByHand"];
            /** @description Only with the event failed. */
            failure?: components["schemas"]["Failure"];
        };
        /** @description What a session that is made by hand shall be. */
        NewSession: {
            /** @description Provisioning unless given. */
            state?: components["schemas"]["State"];
            /** @description Longest run, in seconds. Default: 300. */
            max_duration_s?: number;
            /** @description Only with the state failed. */
            failure?: components["schemas"]["Failure"];
        };
        /** @description What a task that is made by hand shall be: a film of five seconds. */
        NewTask: {
            /** @description Pending unless given. */
            state?: components["schemas"]["TaskState"];
            /** @description Only with the state failed. */
            failure?: components["schemas"]["Failure"];
        };
        /**
         * @description What can be made to happen to a task: all but what free capacity does.
         * @enum {unknown}
         */
        TaskEventByHand: "started" | "succeeded" | "failed" | "cancelled";
        /** @description What shall happen to a task. */
        TaskOccurrence: {
            event: components["schemas"]["TaskEventByHand"];
            /** @description Only with the event failed. */
            failure?: components["schemas"]["Failure"];
        };
        /** @description A client has asked for an output of a task. */
        Download: {
            /** @description Which of its outputs, from 0. */
            output: number;
            status: components["schemas"]["Status"];
            /** @description How long ago the address had expired, in seconds of the world. */
            late_s?: number;
        };
        /** @description What shall happen to a session. */
        Occurrence: {
            event: components["schemas"]["EventByHand"];
            /** @description Only with the event failed. */
            failure?: components["schemas"]["Failure"];
        };
        /** @description Something that happened in the room of a session. */
        CallReport: components["schemas"]["CallJoined"] | components["schemas"]["CallLeft"] | components["schemas"]["CallAway"] | components["schemas"]["CallBack"] | components["schemas"]["CallPublished"] | components["schemas"]["CallUnpublished"] | components["schemas"]["CallSaid"] | components["schemas"]["CallClientEvent"] | components["schemas"]["CallToolCalled"] | components["schemas"]["CallToolAnswered"] | components["schemas"]["CallData"] | components["schemas"]["CallDataIgnored"] | components["schemas"]["CallSpoke"] | components["schemas"]["CallUnheard"] | components["schemas"]["CallEntered"] | components["schemas"]["CallClosed"];
        /** @description By which the participants of a room differ, such as user:<id>. */
        ParticipantIdentity: string;
        /**
         * @description What a track shows or plays.
         * @enum {unknown}
         */
        TrackSource: "microphone" | "camera" | "screen_share" | "other";
        /** @description The name of a tool. */
        ToolName: string;
        /** @description Which tool call of the session. */
        ToolCallId: string;
        /** @description A length of time, in seconds. */
        CallSeconds: number;
        /** @description A participant joined; the first visible one starts a session whose key was used. */
        CallJoined: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "joined";
            participant: components["schemas"]["ParticipantIdentity"];
            /** @description Others do not see it, as a backend. */
            hidden: boolean;
        };
        /** @description A participant left; the last visible one ends the session. */
        CallLeft: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "left";
            participant: components["schemas"]["ParticipantIdentity"];
            /**
             * @description It ended the call, left, or was lost and did not come back.
             * @enum {unknown}
             */
            how: "end_call" | "leave" | "lost";
        };
        /** @description A participant's connection is lost; it may come back. */
        CallAway: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "away";
            participant: components["schemas"]["ParticipantIdentity"];
        };
        /** @description A participant came back in time. */
        CallBack: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "back";
            participant: components["schemas"]["ParticipantIdentity"];
        };
        /** @description A participant publishes a track. */
        CallPublished: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "published";
            participant: components["schemas"]["ParticipantIdentity"];
            source: components["schemas"]["TrackSource"];
        };
        /** @description A participant's track has ended. */
        CallUnpublished: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "unpublished";
            participant: components["schemas"]["ParticipantIdentity"];
            source: components["schemas"]["TrackSource"];
        };
        /** @description The avatar or a user said something. */
        CallSaid: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "said";
            /** @enum {unknown} */
            role: "assistant" | "user";
            /** @description It rises over the whole session. */
            turn: number;
            text: string;
            seconds: components["schemas"]["CallSeconds"];
        };
        /** @description The avatar sent a client event. */
        CallClientEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "client_event";
            tool: components["schemas"]["ToolName"];
            args: components["schemas"]["AnyObject"];
        };
        /** @description The avatar called a tool and awaits its answer. */
        CallToolCalled: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "tool_called";
            call: components["schemas"]["ToolCallId"];
            tool: components["schemas"]["ToolName"];
            args: components["schemas"]["AnyObject"];
        };
        /** @description A tool call is over. One that was given up may be reported again when it is answered. */
        CallToolAnswered: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "tool_answered";
            call: components["schemas"]["ToolCallId"];
            result: components["schemas"]["AnyValue"];
            /** @description Null: it succeeded; timeout: it was given up. */
            error: string | null;
            seconds: components["schemas"]["CallSeconds"];
        };
        /** @description A participant sent data. */
        CallData: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "data";
            participant: components["schemas"]["ParticipantIdentity"];
            bytes: number;
            /** @description It is a message that avatars know. */
            known: boolean;
        };
        /** @description More data came, which was counted only. */
        CallDataIgnored: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "data_ignored";
            count: number;
        };
        /** @description A participant was heard, and is silent again. */
        CallSpoke: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "spoke";
            participant: components["schemas"]["ParticipantIdentity"];
            seconds: components["schemas"]["CallSeconds"];
        };
        /** @description The avatar awaited speech, and heard none. */
        CallUnheard: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "unheard";
            seconds: components["schemas"]["CallSeconds"];
        };
        /** @description The avatar is in the room that the create named, which starts the session. */
        CallEntered: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "entered";
            /** @description The name that the create gave it. */
            room: string;
        };
        /** @description The room is closed; nobody is in it any more. */
        CallClosed: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "closed";
            /** @enum {unknown} */
            reason: "ended" | "cancelled" | "failed" | "capped" | "unpaid" | "dropped" | "server_shutdown";
        };
        /** @description A step of a script, or several as `steps`. */
        Direction: components["schemas"]["ScriptStep"] | components["schemas"]["ScriptSteps"];
        /** @description Steps of a script, one after the other. */
        ScriptSteps: {
            steps: components["schemas"]["ScriptStep"][];
        };
        /** @description What happened to a session. */
        Timeline: {
            session: components["schemas"]["SessionId"];
            /** @description The SHA-256 of the session's key, which tells it from others and does not allow to use it. Null: the session is no longer kept. */
            key_sha256?: string | null;
            entries: components["schemas"]["Entry"][];
            /** @description The same, for people. */
            lines: string[];
            gone: components["schemas"]["Gone"];
            uncertain: components["schemas"]["Uncertain"];
        };
        /** @description Something that happened. */
        Entry: components["schemas"]["ExchangeEntry"] | components["schemas"]["MoveEntry"] | components["schemas"]["ActEntry"];
        /** @description A call and its answer. */
        ExchangeEntry: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "exchange";
            /** @description Its place in the order of application. */
            number: number;
            at: components["schemas"]["Instant"];
            /** @description Null for a request that no operation takes. */
            operation: components["schemas"]["RunwayOperation"] | components["schemas"]["NewOperation"] | null;
            /** @description The HTTP method. */
            method: string;
            /** @description Without the world and the query. */
            path: string;
            /** @description The session in the path, or that was created, as the path has it. */
            session: string | null;
            /** @description The avatar in the path, or that was created. */
            avatar: string | null;
            /** @description The task in the path, or that was created; missing: it is about none. */
            task?: string;
            /** @description The voice in the path, or that was created; missing: it is about none. */
            voice?: string;
            /** @description The document in the path, or that was created; missing: it is about none. */
            document?: string;
            /** @description The version of a workflow in the path; missing: it is about none. */
            workflow?: string;
            /** @description The router in the path, or that was created; missing: it is about none. */
            router?: string;
            /** @description The upload in the path, or that was created; missing: it is about none. */
            upload?: string;
            request: components["schemas"]["ExchangeRequest"];
            response: components["schemas"]["ExchangeResponse"];
            /** @description Whether the server acted on it. */
            acted: boolean;
            /** @description The faults that struck. */
            faults: string[];
            /** @description The route that was probably meant. */
            nearest: string | null;
        };
        /** @description A change of a session, a task, an avatar, a voice or a document. */
        MoveEntry: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "move";
            /** @description Its place in the order of application. */
            number: number;
            at: components["schemas"]["Instant"];
            session?: components["schemas"]["SessionId"];
            task?: components["schemas"]["TaskId"];
            avatar?: components["schemas"]["AssetId"];
            voice?: components["schemas"]["AssetId"];
            document?: components["schemas"]["AssetId"];
            router?: components["schemas"]["AssetId"];
            /**
             * @description What happened.
             * @enum {unknown}
             */
            event: "created" | "released" | "admitted" | "provisioned" | "consumed" | "claimed" | "joined" | "entered" | "billed" | "ended" | "capped" | "unpaid" | "expired" | "failed" | "cancelled" | "started" | "succeeded" | "processed" | "updated" | "replaced" | "deleted";
            /** @description Null for a birth. */
            before: components["schemas"]["AnyState"] | null;
            after: components["schemas"]["AnyState"];
            /** @description Credits; below 0: given back. */
            charge: number;
            /** @description Why it failed. */
            failure: components["schemas"]["Failure"] | null;
        };
        /** @description Something that was done from outside. */
        ActEntry: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "act";
            /** @description Its place in the order of application. */
            number: number;
            at: components["schemas"]["Instant"];
            act: components["schemas"]["Act"];
            /** @description The session that it is about. */
            session: string | null;
            /** @description The task that it is about; missing: none. */
            task?: string;
            /** @description The avatar that it is about; missing: none. */
            avatar?: string;
            /** @description The voice that it is about; missing: none. */
            voice?: string;
            /** @description The document that it is about; missing: none. */
            document?: string;
            given: components["schemas"]["AnyObject"];
        };
        /** @description Calls and their answers. */
        Journal: {
            exchanges: components["schemas"]["Exchange"][];
            /** @description Calls that match, those that are gone included. */
            total: number;
            gone: components["schemas"]["Gone"];
            uncertain: components["schemas"]["Uncertain"];
            /** @description Entries that are no longer kept. */
            dropped: number;
        };
        /** @description Entries of this kind that the journal no longer keeps. */
        Gone: number;
        /** @description Entries that are no longer kept, of which it is unknown whether they match. */
        Uncertain: number;
        /** @description A call and its answer. */
        Exchange: {
            /** @description Its place in the order of application. */
            number: number;
            at: components["schemas"]["Instant"];
            /** @description Null for a request that no operation takes. */
            operation: components["schemas"]["RunwayOperation"] | components["schemas"]["NewOperation"] | null;
            /** @description The HTTP method. */
            method: string;
            /** @description Without the world and the query. */
            path: string;
            /** @description The session in the path, or that was created, as the path has it. */
            session: string | null;
            /** @description The avatar in the path, or that was created. */
            avatar: string | null;
            /** @description The task in the path, or that was created; missing: it is about none. */
            task?: string;
            /** @description The voice in the path, or that was created; missing: it is about none. */
            voice?: string;
            /** @description The document in the path, or that was created; missing: it is about none. */
            document?: string;
            /** @description The version of a workflow in the path; missing: it is about none. */
            workflow?: string;
            /** @description The router in the path, or that was created; missing: it is about none. */
            router?: string;
            /** @description The upload in the path, or that was created; missing: it is about none. */
            upload?: string;
            request: components["schemas"]["ExchangeRequest"];
            response: components["schemas"]["ExchangeResponse"];
            /** @description Whether the server acted on it. */
            acted: boolean;
            /** @description The faults that struck. */
            faults: string[];
            /** @description The route that was probably meant. */
            nearest: string | null;
        };
        /** @description What is kept of a request. */
        ExchangeRequest: {
            /** @description The User-Agent, its beginning. */
            agent: string | null;
            /** @description Which repetition of an official SDK. */
            retry: number | null;
            /** @description The version header was there, with the right version. */
            versioned: boolean;
            /** @description The declared Content-Type; null: none was declared. */
            content_type?: string | null;
            /** @description There was a Cookie header. */
            cookies?: boolean;
            /** @description The query held something like a secret. */
            secret_in_url: boolean;
            /** @description Of a consume: whether the key was the session's. */
            key_fits: boolean | null;
            /** @description The parameters that the operation takes. */
            query: {
                [key: string]: string;
            };
            /** @description The body, secrets covered. */
            body: {
                [key: string]: unknown;
            } | null;
        };
        /** @description What is kept of an answer. */
        ExchangeResponse: {
            /** @description Null: there was none. */
            status: number | null;
            /** @description Before faults broke its bytes, keys and tokens covered. */
            body: components["schemas"]["AnyValue"];
            /** @description The rule that refused. */
            code: string | null;
            /** @description Whether the client gets all of it, sooner or later. */
            arrives: boolean;
            /** @description How long it is held back; null: for ever. */
            wait_s: number | null;
        };
        /** @description An event of a stream; its data is of the shape that its kind says. */
        StreamEvent: {
            /** @description The place in the journal after it, to continue from; empty in the stream of all worlds. */
            id: string;
            /**
             * @description exchange, move, act: its data is an Entry; finding: a Finding; world: a World; start: {next, clears}, the number of the next entry, and how often the journal was deleted; gap: {missed}, so many entries are no longer kept; reset: the world begins anew, and all of it follows; cleared: its journal was deleted; dropped: it is gone; too_slow: {seconds}, the listener did not read.
             * @enum {unknown}
             */
            kind: "start" | "exchange" | "move" | "act" | "finding" | "gap" | "reset" | "cleared" | "world" | "dropped" | "too_slow";
            /** @description The name of the world; empty: all. */
            world: string;
            data: components["schemas"]["AnyObject"];
        };
        /** @description What the client seems to do wrong. */
        FindingList: {
            findings: components["schemas"]["Finding"][];
            gone: components["schemas"]["Gone"];
        };
        /** @description Something that the client seems to do wrong. */
        Finding: {
            id: components["schemas"]["FindingId"];
            severity: components["schemas"]["Severity"];
            /** @description The session that it is about. */
            session: string | null;
            /** @description The task that it is about; missing: none. */
            task?: string;
            /** @description The avatar that it is about; missing: none. */
            avatar?: string;
            /** @description The voice that it is about; missing: none. */
            voice?: string;
            /** @description The document that it is about; missing: none. */
            document?: string;
            /** @description What it is, in a sentence. */
            message: string;
            at: components["schemas"]["Instant"];
            /** @description The entries that show it. */
            numbers: number[];
        };
        /**
         * @description Which kind of finding, for programs.
         * @enum {unknown}
         */
        FindingId: "abandoned-ready" | "consume-never-arrived" | "never-cancelled" | "never-polled" | "price-unknown" | "create-reply-lost" | "polled-too-fast" | "polled-after-end" | "consumed-twice" | "repeated-create" | "secret-in-url" | "no-version-header" | "consume-without-type" | "never-hung-up" | "joined-twice" | "tool-unanswered" | "tool-answered-late" | "task-polled-too-fast" | "task-polled-after-end" | "throttled-ignored" | "output-never-fetched" | "output-fetched-late" | "output-link-kept" | "no-microphone";
        /**
         * @description Broken or costly, wasteful, or merely worth knowing.
         * @enum {unknown}
         */
        Severity: "error" | "warning" | "info";
        /** @description What one needs to watch a session's call by WHEP. */
        Viewer: {
            created?: components["schemas"]["CreatedWorld"];
            /** @description On this server: where an offer is POSTed to. */
            path: string;
            /** @description Goes into Authorization, after Bearer. */
            token: string;
        };
        /** @description What an account has spent and has left. */
        Credits: {
            created?: components["schemas"]["CreatedWorld"];
            /** @description Below 0 when overdrawn; null: no limit. */
            left: number | null;
            /** @description Credits charged so far. */
            spent: number;
            /** @description Creates in the last 24 hours. */
            sessions_today: number;
        };
        /** @description What an account shall have left. */
        CreditsLeft: {
            /** @description Credits. */
            left: number;
        };
        /** @description The state in which a world begins; `fake-runway init` shows it. */
        Seed: {
            /** @description Custom avatars that exist, beside those of the settings. */
            avatars?: string[];
            /** @description Workflows that are published, beside those of the settings, as a scenario writes them. */
            workflows?: {
                name: string;
                description?: string;
                /** @description How many are published, all with this graph. */
                versions?: number;
                /** @description Each behind those that it waits for. */
                nodes: ({
                    name: string;
                    /** @description A version 4 UUID; without one, it follows from the names. */
                    id?: string;
                    /** @description A value, which a run may replace if it is exposed. */
                    gives: {
                        key: string;
                        /** @enum {unknown} */
                        type: "string" | "number" | "boolean" | "image" | "video" | "audio";
                        value: string | number | boolean;
                        exposed?: boolean;
                        label?: string;
                    };
                } | {
                    name: string;
                    /** @description A version 4 UUID; without one, it follows from the names. */
                    id?: string;
                    /** @description A path below /v1/, such as text_to_video. */
                    endpoint: string;
                    /** @description As of that endpoint. */
                    body: components["schemas"]["AnyObject"];
                    /** @description Which field of the body is the output of which node. */
                    takes?: {
                        field: string;
                        from: string;
                    }[];
                    /** @description Nodes that it waits for, too. */
                    after?: string[];
                })[];
            }[];
            /** @description Sessions, each in the state that it is in when the world begins. */
            sessions?: {
                /** @enum {unknown} */
                state: "queued" | "provisioning" | "ready" | "claimed" | "running" | "completed" | "failed" | "cancelled";
                max_duration_s?: number;
                failure?: {
                    code: string;
                    text: string;
                };
                count?: number;
            }[];
            /** @description Tasks, each with the body of its create. */
            tasks?: {
                /** @enum {unknown} */
                operation: "createImageToVideo" | "createTextToVideo" | "createVideoToVideo" | "createTextToImage" | "createImageUpscale" | "createVideoUpscale" | "createVideoToHdr" | "createVideoToAudio" | "createCharacterPerformance" | "createSoundEffect" | "createSpeechToSpeech" | "createTextToSpeech" | "createVoiceDubbing" | "createVoiceIsolation" | "createAvatarVideo" | "createAdLocalization" | "createMarketingStockImage" | "createMultiShotVideo" | "createProductAd" | "createProductCampaignImage" | "createProductSwap" | "createProductUgc";
                body?: components["schemas"]["AnyObject"];
                /** @description What an export has in place of a body. */
                request?: {
                    model: string;
                    pool: string;
                    /** @enum {unknown} */
                    quota: "video" | "image" | "audio" | "avatar";
                    estimate: number;
                    charge: number;
                    usual_s: number;
                    output: {
                        format: string;
                        files?: number;
                        width?: number;
                        height?: number;
                        seconds?: number;
                    };
                    /** @description What the default price was taken for, each as `endpoint model`. */
                    unpriced?: string[];
                };
                /** @enum {unknown} */
                state?: "throttled" | "pending" | "running" | "succeeded" | "failed" | "cancelled";
                failure?: {
                    code: string;
                    text: string;
                };
                count?: number;
            }[];
            /** @description Avatars, voices and documents that the API has made. */
            assets?: {
                /** @enum {unknown} */
                kind: "avatar" | "voice" | "document";
                /** @enum {unknown} */
                state?: "processing" | "ready" | "failed" | "deleted";
                name?: string;
                /** @description A personality, a description, or what a document says. */
                text?: string;
                failure?: {
                    code: string;
                    text: string;
                };
                count?: number;
            }[];
            /** @description How many are left. */
            credits?: number;
        };
        /** @description Which session is waited for. */
        SessionWait: {
            /** @description Any of these will do. */
            states: components["schemas"]["State"][];
            /** @description Without one, any session will do. */
            session?: components["schemas"]["SessionId"];
            timeout?: components["schemas"]["Timeout"];
        };
        /** @description Which task is waited for. */
        TaskWait: {
            /** @description Any of these will do. */
            states: components["schemas"]["TaskState"][];
            /** @description Without one, any task will do. */
            task?: components["schemas"]["TaskId"];
            timeout?: components["schemas"]["Timeout"];
        };
        /** @description Of real time; 2m at the most, 5s unless given. */
        Timeout: string;
        /** @description Which calls are waited for. */
        CallsWait: {
            match?: components["schemas"]["CallMatch"];
            /** @description How many. Default: 1. */
            count?: number;
            /** @description Only calls with this number or a later one. Default: 0. */
            since?: number;
            timeout?: components["schemas"]["Timeout"];
        };
        /** @description Which calls; every condition given must hold. */
        CallMatch: {
            operation?: components["schemas"]["RunwayOperation"];
            method?: components["schemas"]["Method"];
            status?: components["schemas"]["Status"];
            session?: components["schemas"]["SessionId"];
            task?: components["schemas"]["TaskId"];
            avatar?: components["schemas"]["AssetId"];
            voice?: components["schemas"]["AssetId"];
            document?: components["schemas"]["AssetId"];
        };
        /** @description Calls that match. */
        CallsSeen: {
            created?: components["schemas"]["CreatedWorld"];
            exchanges: components["schemas"]["Exchange"][];
            gone: components["schemas"]["Gone"];
            uncertain: components["schemas"]["Uncertain"];
        };
        /** @description A run, in two spellings. */
        Recorded: {
            /** @description All that a replay needs, in one word. */
            token: string;
            record: components["schemas"]["Record"];
        };
        /** @description Everything that a world's history followed from. */
        Record: {
            /** @constant */
            format: 1;
            /** @description The version that recorded it. */
            fake_runway: string;
            world: components["schemas"]["WorldName"];
            /** @description The world that it was forked from first, or itself. */
            origin: components["schemas"]["WorldName"];
            /** @description Of the world's draws. */
            seed: string;
            /** @description Where its tokens led, in records of older versions; empty: none was made. */
            media_url?: string;
            epoch: components["schemas"]["Instant"];
            /** @description Of the clock, at first. */
            rate: number;
            now: components["schemas"]["Instant"];
            /** @description The server's settings, as the account form of a scenario. */
            account: components["schemas"]["AnyObject"];
            /** @description The server's plan, as the session form of a scenario. */
            session: components["schemas"]["AnyObject"];
            /** @description The server's plan of tasks, as the task form of a scenario. */
            task?: components["schemas"]["AnyObject"];
            /** @description The name of the first one. */
            scenario: string;
            /** @description All that are not built in, by name; a first one that has none, under an empty name. */
            scenarios: {
                [key: string]: components["schemas"]["ScenarioData"];
            };
            /** @description Calls and acts, in order. */
            steps: components["schemas"]["Step"][];
            journal: components["schemas"]["Exchange"][];
            /** @description By which a record that was changed is known. */
            seal: string;
        };
        /** @description A call or an act. */
        Step: components["schemas"]["CallStep"] | components["schemas"]["ActStep"];
        /** @description A call, without its answer. */
        CallStep: {
            /** @description Its place in the order of application. */
            number: number;
            at: components["schemas"]["Instant"];
            /** @description Null for a request that no operation takes. */
            operation: components["schemas"]["RunwayOperation"] | components["schemas"]["NewOperation"] | null;
            /** @description The HTTP method. */
            method: string;
            /** @description Without the world and the query. */
            path: string;
            /** @description The session in the path, or that was created, as the path has it. */
            session: string | null;
            /** @description The avatar in the path, or that was created. */
            avatar: string | null;
            /** @description The task in the path, or that was created; missing: it is about none. */
            task?: string;
            /** @description The voice in the path, or that was created; missing: it is about none. */
            voice?: string;
            /** @description The document in the path, or that was created; missing: it is about none. */
            document?: string;
            /** @description The version of a workflow in the path; missing: it is about none. */
            workflow?: string;
            /** @description The router in the path, or that was created; missing: it is about none. */
            router?: string;
            /** @description The upload in the path, or that was created; missing: it is about none. */
            upload?: string;
            request: components["schemas"]["ExchangeRequest"];
            /** @description Where the credentials of its answer lead, if it asks for any. */
            media_url?: string;
            door?: components["schemas"]["Door"];
        };
        /** @description Something that was done from outside. */
        ActStep: {
            /** @description Its place in the order of application. */
            number: number;
            at: components["schemas"]["Instant"];
            act: components["schemas"]["Act"];
            /** @description The session that it is about. */
            session: string | null;
            /** @description The task that it is about; missing: none. */
            task?: string;
            /** @description The avatar that it is about; missing: none. */
            avatar?: string;
            /** @description The voice that it is about; missing: none. */
            voice?: string;
            /** @description The document that it is about; missing: none. */
            document?: string;
            given: components["schemas"]["AnyObject"];
        };
        /** @description Why a call never reached the account. */
        Door: {
            code: string;
            status: components["schemas"]["Status"];
            message: string;
            headers: {
                [key: string]: string;
            };
            /** @description The single mistakes, where the answer lists them. */
            issues?: components["schemas"]["AnyObject"][];
        };
        /** @description What is run again, and what the new world is called. */
        Replay: {
            name: components["schemas"]["WorldName"];
            /** @description A token or the text of a record. */
            token: string;
        };
        /** @description How a replay went. */
        Replayed: {
            created?: components["schemas"]["CreatedWorld"];
            name: components["schemas"]["WorldName"];
            /** @description Calls that were run again. */
            exchanges: number;
            /** @description Whether every answer came out the same. */
            identical: boolean;
            /** @description The first place where one did not. */
            divergence: string | null;
        };
    };
    responses: {
        /** @description The request is wrong in itself, or names no world. */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The admin token is missing or wrong, or the API secret names no world. */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The request came from where none may come from: another Host, or a page. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description There is no such thing in this world, or nothing has ever used the world. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description It did not happen in time. */
        InVain: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description It exists already, or its moment is wrong. */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description As many streams are open as the server keeps open. */
        TooManyListeners: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body is larger than the server reads. */
        PayloadTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body is not declared as JSON. */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
        World: components["schemas"]["WorldName"];
        /** @description The session. */
        SessionInPath: components["schemas"]["SessionId"];
        /** @description The task. */
        TaskInPath: components["schemas"]["TaskId"];
        /** @description The snapshot. */
        SnapshotInPath: components["schemas"]["SnapshotName"];
        /** @description The name of a scenario. */
        ScenarioInPath: components["schemas"]["ScenarioName"];
        /** @description The avatar, voice or document. */
        AssetInPath: components["schemas"]["AssetId"];
        /** @description The avatar: a preset id or a UUID. */
        AvatarInPath: components["schemas"]["AvatarName"];
        /** @description The fault. */
        FaultInPath: components["schemas"]["FaultName"];
        /** @description How many at most; 100 unless given. */
        Limit: components["schemas"]["ListLimit"];
        /** @description Only entries with a lower number: for the next page. */
        Before: string;
        /** @description Whether the stream of all worlds has the entries of their journals. */
        Entries: "true" | "false";
        /** @description The id of the last event that came, as Last-Event-ID says it, too; 0: all that is kept. Without it the stream begins now. */
        After: string;
        /** @description Only sessions in this state. */
        StateWanted: components["schemas"]["State"];
        /** @description Only tasks in this state. */
        TaskStateWanted: components["schemas"]["TaskState"];
        /** @description Only those of this kind. */
        AssetKindWanted: components["schemas"]["AssetKind"];
        /** @description Only those in this state. */
        AssetStateWanted: components["schemas"]["AssetState"];
        /** @description Only calls of this operation. */
        OperationWanted: components["schemas"]["RunwayOperation"];
        /** @description Only calls with this method. */
        MethodWanted: components["schemas"]["Method"];
        /** @description Only calls about this session. */
        SessionWanted: components["schemas"]["SessionId"];
        /** @description Only calls about this task. */
        TaskWanted: components["schemas"]["TaskId"];
        /** @description Only calls that were answered so. */
        StatusWanted: components["schemas"]["Status"];
        /** @description Only calls that this fault struck. */
        FaultWanted: components["schemas"]["AnyFaultName"];
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
        };
    };
    getReady: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": components["schemas"]["Exposition"];
                };
            };
        };
    };
    getAdminHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
        };
    };
    getSpec: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It, and what is new in it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServedSpec"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
        };
    };
    getAdminDocument: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyObject"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
        };
    };
    listWorlds: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The worlds. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorldList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
        };
    };
    getWorld: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The world. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["World"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    dropWorld: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
        };
    };
    resetWorld: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Beginning"];
            };
        };
        responses: {
            /** @description The new world. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["World"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    forkWorld: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Fork"];
            };
        };
        responses: {
            /** @description The copy. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["World"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    listSnapshots: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The snapshots. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SnapshotList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    takeSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewSnapshot"];
            };
        };
        responses: {
            /** @description The snapshot. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshot"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    deleteSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The snapshot. */
                name: components["parameters"]["SnapshotInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    restoreSnapshot: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The snapshot. */
                name: components["parameters"]["SnapshotInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The world as it is again. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["World"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    getClock: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The clock. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Clock"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    setClockRate: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClockRate"];
            };
        };
        responses: {
            /** @description The clock. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Clock"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    moveClock: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClockMove"];
            };
        };
        responses: {
            /** @description The clock. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Clock"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    listScenarios: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The scenarios. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScenarioList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
        };
    };
    getScenarioNamed: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The name of a scenario. */
                name: components["parameters"]["ScenarioInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The scenario. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scenario"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    getScenario: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The scenario. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scenario"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    putScenario: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScenarioChoice"];
            };
        };
        responses: {
            /** @description The scenario. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scenario"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    bindAvatar: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The avatar: a preset id or a UUID. */
                name: components["parameters"]["AvatarInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BoundForm"];
            };
        };
        responses: {
            /** @description The scenario, with the avatar bound. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scenario"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    unbindAvatar: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The avatar: a preset id or a UUID. */
                name: components["parameters"]["AvatarInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    listFaults: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The scenario's faults, then those put in place by hand. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FaultList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    addFault: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Fault"];
            };
        };
        responses: {
            /** @description The fault in place. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlacedFault"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    removeFaults: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
        };
    };
    removeFault: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The fault. */
                name: components["parameters"]["FaultInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    listSessions: {
        parameters: {
            query?: {
                /** @description Only sessions in this state. */
                state?: components["parameters"]["StateWanted"];
                /** @description How many at most; 100 unless given. */
                limit?: components["parameters"]["Limit"];
            };
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sessions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    makeSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewSession"];
            };
        };
        responses: {
            /** @description The session. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeSession"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    getAdminSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The session. */
                id: components["parameters"]["SessionInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    occur: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The session. */
                id: components["parameters"]["SessionInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Occurrence"];
            };
        };
        responses: {
            /** @description The session after it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    reportCall: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The session. */
                id: components["parameters"]["SessionInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CallReport"];
            };
        };
        responses: {
            /** @description The session after it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    direct: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The session. */
                id: components["parameters"]["SessionInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Direction"];
            };
        };
        responses: {
            /** @description The session; the avatar does it when it is free. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    watchSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The session. */
                id: components["parameters"]["SessionInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token, and where to join with it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Viewer"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
        };
    };
    getTimeline: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The session. */
                id: components["parameters"]["SessionInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The timeline. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Timeline"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    listTasks: {
        parameters: {
            query?: {
                /** @description Only tasks in this state. */
                state?: components["parameters"]["TaskStateWanted"];
                /** @description How many at most; 100 unless given. */
                limit?: components["parameters"]["Limit"];
            };
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tasks. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    makeTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewTask"];
            };
        };
        responses: {
            /** @description The task. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    getAdminTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The task. */
                id: components["parameters"]["TaskInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    occurTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The task. */
                id: components["parameters"]["TaskInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskOccurrence"];
            };
        };
        responses: {
            /** @description The task. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    reportDownload: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The task. */
                id: components["parameters"]["TaskInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Download"];
            };
        };
        responses: {
            /** @description The task. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    getTaskTimeline: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The task. */
                id: components["parameters"]["TaskInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The timeline. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskTimeline"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    getTaskOutputs: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The task. */
                id: components["parameters"]["TaskInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The paths, none before it has succeeded. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskOutputs"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    listAssets: {
        parameters: {
            query?: {
                /** @description Only those of this kind. */
                kind?: components["parameters"]["AssetKindWanted"];
                /** @description Only those in this state. */
                state?: components["parameters"]["AssetStateWanted"];
                /** @description How many at most; 100 unless given. */
                limit?: components["parameters"]["Limit"];
            };
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Some of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    makeAsset: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAsset"];
            };
        };
        responses: {
            /** @description The new one. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    getAsset: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The avatar, voice or document. */
                name: components["parameters"]["AssetInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    getAssetTimeline: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The avatar, voice or document. */
                name: components["parameters"]["AssetInPath"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its timeline. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetTimeline"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    occurToAsset: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path: {
                /** @description The avatar, voice or document. */
                name: components["parameters"]["AssetInPath"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AssetOccurrence"];
            };
        };
        responses: {
            /** @description The one after it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    getJournal: {
        parameters: {
            query?: {
                /** @description Only calls of this operation. */
                operation?: components["parameters"]["OperationWanted"];
                /** @description Only calls with this method. */
                method?: components["parameters"]["MethodWanted"];
                /** @description Only calls about this session. */
                session?: components["parameters"]["SessionWanted"];
                /** @description Only calls about this task. */
                task?: components["parameters"]["TaskWanted"];
                /** @description Only calls that were answered so. */
                status?: components["parameters"]["StatusWanted"];
                /** @description Only calls that this fault struck. */
                fault?: components["parameters"]["FaultWanted"];
                /** @description How many at most; 100 unless given. */
                limit?: components["parameters"]["Limit"];
                /** @description Only entries with a lower number: for the next page. */
                before?: components["parameters"]["Before"];
            };
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The calls that fit. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Journal"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    clearJournal: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
        };
    };
    getUnmatched: {
        parameters: {
            query?: {
                /** @description How many at most; 100 unless given. */
                limit?: components["parameters"]["Limit"];
                /** @description Only entries with a lower number: for the next page. */
                before?: components["parameters"]["Before"];
            };
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The requests. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Journal"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    getEvents: {
        parameters: {
            query?: {
                /** @description The id of the last event that came, as Last-Event-ID says it, too; 0: all that is kept. Without it the stream begins now. */
                after?: components["parameters"]["After"];
                /** @description Whether the stream of all worlds has the entries of their journals. */
                entries?: components["parameters"]["Entries"];
            };
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, as long as the connection lasts: server-sent events, each with an object as its data. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["StreamEvent"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            503: components["responses"]["TooManyListeners"];
        };
    };
    getFindings: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The findings. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FindingList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    getCredits: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credits"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    putCredits: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreditsLeft"];
            };
        };
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credits"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    getSeed: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The seed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Seed"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
    applySeed: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Seed"];
            };
        };
        responses: {
            /** @description The world. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["World"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    awaitSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionWait"];
            };
        };
        responses: {
            /** @description The session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["InVain"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    awaitTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskWait"];
            };
        };
        responses: {
            /** @description The task. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["InVain"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    awaitCalls: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CallsWait"];
            };
        };
        responses: {
            /** @description All calls that match. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallsSeen"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["InVain"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
    getReplay: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The record. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recorded"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
        };
    };
    postReplay: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which world is meant. The path (/w/<world>/__admin/...) and the API secret can say it, too; the only world of a server needs no name. */
                "X-Fake-World"?: components["parameters"]["World"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Replay"];
            };
        };
        responses: {
            /** @description How it went. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replayed"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
        };
    };
}
