/** The shapes of the admin API by their names here; `generated/admin.ts` is made of its document. */
import type { components, operations } from "./generated/admin.js";
type Shapes = components["schemas"];
export type { components, operations, paths } from "./generated/admin.js";
export type AccountForm = Shapes["AccountForm"];
export type CallReport = Shapes["CallReport"];
export type Clock = Shapes["Clock"];
export type Credits = Shapes["Credits"];
export type Download = Shapes["Download"];
export type ErrorBody = Shapes["Error"];
export type EventByHand = Shapes["EventByHand"];
export type Exchange = Shapes["Exchange"];
export type Failure = Shapes["Failure"];
export type Fault = Shapes["Fault"];
export type Finding = Shapes["Finding"];
export type Health = Shapes["Alive"];
export type MadeSession = Shapes["MadeSession"];
export type PlacedFault = Shapes["PlacedFault"];
export type Recording = Shapes["Recorded"];
export type Replayed = Shapes["Replayed"];
export type RunwayOperation = Shapes["RunwayOperation"];
export type Scenario = Shapes["Scenario"];
export type ScenarioData = Shapes["ScenarioData"];
export type ScenarioLine = Shapes["ScenarioLine"];
export type ScriptStep = Shapes["ScriptStep"];
export type ServedSpec = Shapes["ServedSpec"];
export type SessionForm = Shapes["SessionForm"];
export type SessionView = Shapes["SessionView"];
export type Snapshot = Shapes["Snapshot"];
export type State = Shapes["State"];
export type TimelineView = Shapes["Timeline"];
export type StreamEvent = Shapes["StreamEvent"];
export type TaskEventByHand = Shapes["TaskEventByHand"];
export type TaskState = Shapes["TaskState"];
export type TaskTimeline = Shapes["TaskTimeline"];
export type TaskView = Shapes["TaskView"];
export type AssetTimeline = Shapes["AssetTimeline"];
export type AssetView = Shapes["AssetView"];
export type Viewer = Shapes["Viewer"];
export type World = Shapes["World"];
/** Seconds, or a text such as `1.5s`, `200ms`, `5m`. */
export type Span = number | string;
/** An id of an operation of the admin document. */
export type OperationId = keyof operations;
type Success<Responses> = {
    [Status in keyof Responses]: Status extends 200 | 201 | 204 ? Responses[Status] : never;
}[keyof Responses];
/** What an operation answers when it succeeds. */
export type AnswerOf<Id extends OperationId> = Success<operations[Id]["responses"]> extends {
    content: {
        "application/json": infer Body;
    };
} ? Body : undefined;
/** What an operation takes as its body. */
export type BodyOf<Id extends OperationId> = operations[Id] extends {
    requestBody?: {
        content: {
            "application/json": infer Body;
        };
    } | undefined;
} ? Body : never;
/** What an operation takes in its query. */
export type QueryOf<Id extends OperationId> = operations[Id]["parameters"] extends {
    query?: infer Query | undefined;
} ? Query : never;
