// Shows a run as it goes on. Every text is set as text: nothing of a target becomes markup.

const byId = (id) => document.getElementById(id);
const [headline, why, counts, again, progress, notice] = [
  "headline", "why", "counts", "again", "progress", "notice",
].map(byId);
const [live, report, wrong, broken, fine, nothing] = [
  "live", "report", "wrong", "broken", "fine", "nothing",
].map(byId);

let found = 0;
let over = false;

function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

function say(text, className = "") {
  headline.textContent = text;
  document.body.className = className;
  document.title = text;
}

function tell(text) {
  notice.textContent = text;
  notice.hidden = !text;
}

const show = {
  starting({ run, target, why: reason, watches }) {
    [found, over] = [0, false];
    broken.replaceChildren();
    fine.replaceChildren();
    wrong.hidden = report.hidden = true;
    live.hidden = nothing.hidden = false;
    again.hidden = !watches;
    again.disabled = true;
    progress.removeAttribute("value");
    byId("target").textContent = target;
    why.textContent = reason && `Run ${run}: ${reason}`;
    why.hidden = !reason;
    counts.textContent = "";
    tell("");
    say("Starting the target");
  },

  began({ situations, requirements }) {
    progress.max = situations;
    progress.value = 0;
    counts.textContent = `${requirements} requirements`;
    say(`Playing ${situations} situations`);
  },

  played({ done, of, situation, about, expected, got, outcome, findings }) {
    progress.max = Math.max(of, done);
    progress.value = done;
    nothing.hidden = true;
    const item = element(
      "li", outcome,
      element("p", "", element("b", "", situation), " ", element("span", "about", about)),
      element("p", "versus", "expected ", element("b", "", expected), " · got ", element("b", "", got)),
      ...findings.map(finding),
    );
    item.dataset.situation = situation;
    // a situation may be played again: the last word on it counts
    for (const list of [broken, fine]) {
      for (const old of [...list.children]) if (old.dataset.situation === situation) old.remove();
    }
    (findings.length ? broken : fine).prepend(item);
    found = broken.children.length;
    wrong.hidden = !found;
    counts.textContent = `${done} of ${of}${found ? `, ${found} broken` : ""}`;
    say(`Playing ${of} situations`, found ? "bad" : "");
  },

  ended({ run, kept, headline: text, took }) {
    over = true;
    again.disabled = false;
    progress.value = progress.max;
    counts.textContent = took; // the report below has the rest
    say(`The contract is ${text}`, kept ? "good" : "bad");
    report.src = `/report/${run}`;
    report.hidden = false;
    live.hidden = true;
  },

  failed({ text }) {
    over = true;
    again.disabled = false;
    progress.value = 0;
    say("Not judged", "bad");
    tell(text);
  },

  "left-out"({ files }) {
    tell(`Not watched any more, because it changes in each run: ${files.join(", ")}`);
  },
};

function finding({ id, level, text, breaches }) {
  return element(
    "div", "finding",
    element("p", "", element("span", "level", level), " ", element("span", "id", id)),
    element("p", "", text),
    ...breaches.map(({ expected, got }) => element("p", "versus", "expected ", element("b", "", expected), " · got ", element("b", "", got))),
  );
}

again.addEventListener("click", async () => {
  again.disabled = true;
  const answer = await fetch("/again", { method: "POST" }).catch(() => null);
  if (!answer?.ok) tell("The judge does not answer any more: start it again.");
});

const events = new EventSource("/events");
events.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  show[message.kind]?.(message);
};
events.addEventListener("closing", () => {
  events.close();
  again.hidden = true;
  tell(over ? "The judge has ended; this page stays as it is until you close it." : "The judge has ended before the run was over.");
});
events.onerror = () => tell("The judge does not answer; trying again.");
events.onopen = () => tell("");
