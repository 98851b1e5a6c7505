// Reloads the page if Streamlit has removed all of it. That happens when the connection breaks while the server sends a
// page: after reconnecting, the server sends only the rest, which Streamlit cannot place.
if (!window.normscapeRecovers) {
  window.normscapeRecovers = true;
  window.addEventListener("error", () => {
    const recent = Date.now() - Number(sessionStorage.getItem("normscape-recovered")) < 5000;
    setTimeout(() => {
      if (document.getElementById("root")?.childElementCount) return;
      sessionStorage.setItem("normscape-recovered", String(Date.now()));
      window.location.reload();   // the address holds the experiment
    }, recent ? 5000 : 200);
  });
}
