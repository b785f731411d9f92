// form[data-try-stream]: sends what was filled in to the address it names, and shows the answer in #answer as it comes.
// The lines that come stand in portal/developer/stream_pages.py. Without this script the form posts, and a page answers.
let running = null;

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-try-stream]");
  if (!form) return;
  event.preventDefault();
  running?.abort();
  const own = new AbortController();
  running = own;
  const answer = document.getElementById("answer");
  const [send, stop] = [event.submitter ?? form.querySelector("button[type=submit]"), form.querySelector("[data-try-stop]")];
  const show = begin(answer);
  busy(true);
  try {
    const response = await fetch(form.dataset.tryStream, { method: "POST", body: new FormData(form), signal: own.signal });
    // A page instead of an answer: the visitor was signed out meanwhile.
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    await read(response.body.pipeThrough(new TextDecoderStream()).getReader(), show);
  } catch (error) {
    show.stopped(error.name === "AbortError" ? "You stopped it here." : "The portal did not answer. Reload the page and try again.");
  } finally {
    if (running === own) {
      running = null;
      busy(false);
    }
  }

  function busy(yes) {
    answer.setAttribute("aria-busy", String(yes));
    send.disabled = yes;
    if (stop) stop.hidden = !yes;
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-try-stop]")) running?.abort();
});

async function read(reader, show) {
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const said = JSON.parse(line);
      show[said.kind]?.(said);
    }
  }
}

// What stands in the answer until all of it is there.
function begin(answer) {
  const head = document.createElement("div");
  head.className = "answer-head";
  const badge = document.createElement("span");
  badge.className = "badge badge-dot tone-info";
  badge.textContent = "waiting";
  const time = document.createElement("span");
  time.className = "muted";
  head.append(badge, time);
  // Whoever waits sees that something goes on.
  const began = Date.now();
  const clock = setInterval(() => {
    if (!time.isConnected) clearInterval(clock);
    else time.textContent = `${Math.round((Date.now() - began) / 1000)} s`;
  }, 1000);
  const code = document.createElement("code");
  const pre = document.createElement("pre");
  pre.tabIndex = 0;
  pre.append(code);
  const block = document.createElement("div");
  block.className = "code";
  block.hidden = true;
  block.append(pre);
  answer.replaceChildren(head, block);
  return {
    head(said) {
      badge.className = `badge badge-dot tone-${said.tone}`;
      badge.textContent = said.status;
    },
    text(said) {
      block.hidden = false;
      code.append(said.text);
      pre.scrollTop = pre.scrollHeight;
    },
    end(said) {
      answer.innerHTML = said.answer;
      const samples = document.getElementById("samples");
      if (samples) samples.outerHTML = said.samples;
    },
    stopped(text) {
      clearInterval(clock);
      const note = document.createElement("p");
      note.className = "muted";
      note.textContent = text;
      if (badge.textContent === "waiting") badge.remove();
      answer.append(note);
    },
  };
}
