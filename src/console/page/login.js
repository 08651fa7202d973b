import { byId, kindById } from "./dom.js";

const token = kindById("token", HTMLInputElement);

byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  void logIn();
});

async function logIn() {
  const answer = await fetch("/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: token.value }),
  }).catch(() => null);
  if (answer?.ok === true) location.reload();
  else byId("trouble").textContent = answer === null ? "The console does not answer." : "That is not the token.";
}
