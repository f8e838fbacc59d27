// The tabs of a world. A new part gets one by an entry here: its address, its name, what to count and
// what to show. `view(context)` returns `element`, and may return `update()`, `open(id)`, `close()`.
// Resources that live as sessions do are declared in kinds.js instead, and get theirs from there.

import { faultsView } from "./faults.js";
import { findingsView } from "./findings.js";
import { journalView } from "./journal.js";
import { KINDS } from "./kinds.js";
import { lanesView } from "./resources.js";
import { scenarioView } from "./scenarios.js";
import { worldView } from "./world.js";

export const TABS = [
  ...KINDS.map((kind) => ({ id: kind.id, label: kind.label, count: (store) => store.resources.get(kind).size,
    view: (context) => lanesView(context, kind) })),
  { id: "journal", label: "Journal", count: (store) => store.exchanges.length, view: journalView },
  { id: "findings", label: "Findings", count: (store) => store.findings.size, view: findingsView },
  { id: "faults", label: "Faults", view: faultsView },
  { id: "scenario", label: "Scenario", view: scenarioView },
  { id: "world", label: "World", view: worldView },
];
