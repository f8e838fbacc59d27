// The tabs of a world. A new resource gets one by an entry here: its address, its name, what to count
// and what to show. `view(context)` returns `element`, and may return `update()`, `open(id)`, `close()`.

import { faultsView } from "./faults.js";
import { findingsView } from "./findings.js";
import { journalView } from "./journal.js";
import { scenarioView } from "./scenarios.js";
import { sessionsView } from "./sessions.js";
import { worldView } from "./world.js";

export const TABS = [
  { id: "sessions", label: "Sessions", count: (store) => store.sessions.size, view: sessionsView },
  { id: "journal", label: "Journal", count: (store) => store.exchanges.length, view: journalView },
  { id: "findings", label: "Findings", count: (store) => store.findings.size, view: findingsView },
  { id: "faults", label: "Faults", view: faultsView },
  { id: "scenario", label: "Scenario", view: scenarioView },
  { id: "world", label: "World", view: worldView },
];
