// The chat page of the played network: be anybody, write to the page, see its answers.
const [people, talk, form, problem, title] = ["people", "talk", "compose", "problem", "title"].map((id) => document.getElementById(id));
const known = await (await fetch("/network/people")).json();
let me = new URLSearchParams(location.search).get("as") ?? known[0].id;

for (const person of known) {
  const button = document.createElement("button");
  button.dataset.psid = person.id;
  const face = document.createElement("span");
  face.className = "face";
  face.append(Object.assign(new Image(), { src: person.profile_pic, alt: "" }));
  button.append(face, Object.assign(document.createElement("span"), { className: "clip", textContent: person.name }));
  button.onclick = () => become(person.id);
  people.append(button);
}

function become(psid) {
  me = psid;
  history.replaceState(null, "", `?as=${psid}`);
  for (const button of people.children) button.setAttribute("aria-current", button.dataset.psid === psid);
  title.textContent = `${known.find((person) => person.id === psid).name} with the shop`;
  show();
}

async function show() {
  const psid = me;
  const messages = await (await fetch(`/network/people/${psid}/messages`)).json();
  if (psid !== me) return;
  talk.replaceChildren(...messages.map(bubble));
  if (!messages.length) talk.append(Object.assign(document.createElement("p"), { className: "empty", textContent: "Nothing was said yet. Write the first message." }));
  talk.scrollTop = talk.scrollHeight;
  if (document.visibilityState === "visible" && messages.some((message) => message.author !== "person" && !message.read_ms))
    await fetch(`/network/people/${psid}/look`, { method: "POST" });
}

function bubble(message) {
  const said = document.createElement("div");
  said.className = message.author === "person" ? "said mine" : "said";
  said.append(message.text);
  for (const picture of message.pictures) said.append(Object.assign(new Image(), { src: `/network/cdn/${picture}`, alt: "Picture", onload: () => (talk.scrollTop = talk.scrollHeight) }));
  said.append(Object.assign(document.createElement("time"), { textContent: new Date(message.at_ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) }));
  return said;
}

form.onsubmit = async (event) => {
  event.preventDefault();
  const answer = await fetch(`/network/people/${me}/messages`, { method: "POST", body: new FormData(form) });
  problem.textContent = answer.ok ? "" : (await answer.json()).detail;
  if (answer.ok) form.reset();
};
form.text.onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); }
};
const stream = new EventSource("/network/stream");
stream.onmessage = (event) => event.data === me && show();
stream.onopen = show;
document.onvisibilitychange = show;
become(me);
