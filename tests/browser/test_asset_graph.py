"""The asset graph as a person sees it: two former monitors and the merged one flow into the same marts.

Starts ``dagster dev`` on a port of its own and looks at it with a headless Chromium. With
``KEEP_SCREENSHOTS=1`` the picture in ``docs/images`` is taken anew.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# The page asks other hosts for nothing, and a sandbox needs rights that build servers do not give.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
GROUPS = {"ag": "agressie_geweld", "in": "integriteit", "vi": "veiligheid_integriteit"}
INSTRUMENTS = {"civil_servants", "office_holders", "organisations"}
STARTUP_SECONDS = 240
PAGE_MILLISECONDS = 60_000


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/server_info", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def end(process: subprocess.Popen) -> None:
    """End the server and what it started: they are a process group of their own."""
    for ending, patience in ((signal.SIGINT, 30), (signal.SIGTERM, 15), (signal.SIGKILL, 15)):
        try:
            os.killpg(process.pid, ending)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


@pytest.fixture(scope="module")
def chromium(require_tool: Callable[[str], str]) -> str:
    return require_tool("chromium")


@pytest.fixture(scope="module")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Iterator[str]:
    """The address of ``dagster dev`` on the checkout, with an instance and a state of its own."""
    folder = tmp_path_factory.mktemp("dagster")
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "DAGSTER_HOME": str(folder), "PEILSTOK_HOME": str(folder / "home")}
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        "workspace.yaml",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    log = folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=project_root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + STARTUP_SECONDS
        while not answers(address):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(1)
        yield address
    finally:
        end(process)


@pytest.fixture(scope="module")
def page(server: str, chromium: str) -> Iterator:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1700, "height": 950})
        page.set_default_timeout(PAGE_MILLISECONDS)
        yield page
        browser.close()


def open_graph(page, server: str, expanded: tuple[str, ...] = ()) -> None:
    groups = ",".join(f"global@global:{group}" for group in expanded)
    page.goto(f"{server}/asset-groups" + (f"?expanded={quote(groups, safe='')}" if groups else ""))
    page.wait_for_selector("svg foreignObject")


def nodes(page) -> set[str]:
    """The texts of all boxes in the graph; long names are shortened in the middle."""
    return {text.strip() for text in page.locator("svg foreignObject").all_text_contents() if text.strip()}


def wait_for_node(page, name: str) -> None:
    page.locator("svg foreignObject").filter(has_text=name).first.wait_for(state="visible")


def test_the_graph_shows_the_monitors_and_the_layers(page, server: str) -> None:
    open_graph(page, server)
    for group in (*GROUPS.values(), "landing", "staging", "harmonised", "core", "marts", "release"):
        # The list beside the graph has whole names, the boxes may have shortened ones.
        page.get_by_text(group, exact=True).first.wait_for()
    for group in ("agressie_geweld", "integriteit", "marts"):
        wait_for_node(page, group)
    assert any(name.startswith("veil") and name.endswith("integriteit") for name in nodes(page))


@pytest.mark.parametrize("group", ["agressie_geweld", "integriteit", "_integriteit", "marts"])
def test_a_group_opens_to_its_assets(page, server: str, group: str) -> None:
    open_graph(page, server)
    boxes = page.locator("svg foreignObject")
    is_shortened = group.startswith("_")
    box = boxes.filter(has_text=group) if is_shortened else boxes.get_by_text(group, exact=True)
    box.first.click()
    if group == "marts":
        # The page draws only the boxes in sight, and this group has more of them.
        wait_for_node(page, "mart_")
        assert sum(name.startswith("mart_") for name in nodes(page)) >= 3, nodes(page)
        return
    for name in INSTRUMENTS:
        wait_for_node(page, name)
    assert nodes(page) >= INSTRUMENTS


def test_every_monitor_flows_into_the_marts(page, server: str) -> None:
    query = "{assetNodes {assetKey {path} groupName dependencyKeys {path}}}"
    answer = page.request.post(f"{server}/graphql", data={"query": query}).json()
    found = {"/".join(node["assetKey"]["path"]): node for node in answer["data"]["assetNodes"]}
    upstream = {
        name: {"/".join(key["path"]) for key in node["dependencyKeys"]} for name, node in found.items()
    }

    behind, todo = set(), ["marts/mart_trend"]
    while todo:
        for name in upstream.get(todo.pop(), set()) - behind:
            behind.add(name)
            todo.append(name)
    for programme, group in GROUPS.items():
        raw = {f"{programme}/{instrument}" for instrument in INSTRUMENTS}
        assert raw <= behind
        assert {found[name]["groupName"] for name in raw} == {group}
    assert "marts/mart_trend" in upstream["release/publish"]


def test_no_part_of_the_code_location_failed(page, server: str) -> None:
    query = (
        "{workspaceOrError {... on Workspace {locationEntries {name locationOrLoadError {__typename}}}} "
        'sensorsOrError(repositorySelector: {repositoryName: "__repository__", '
        'repositoryLocationName: "peilstok"}) {... on Sensors {results {name}}}}'
    )
    data = page.request.post(f"{server}/graphql", data={"query": query}).json()["data"]
    [location] = data["workspaceOrError"]["locationEntries"]
    assert location["locationOrLoadError"]["__typename"] == "RepositoryLocation", json.dumps(location)
    assert [sensor["name"] for sensor in data["sensorsOrError"]["results"]] == ["raw_deliveries"]


def test_the_picture_of_the_graph(page, server: str, project_root: Path, tmp_path: Path) -> None:
    """Kept in docs/images on request; otherwise only taken, so that it can be taken when it is asked for."""
    page.set_viewport_size({"width": 1500, "height": 1120})
    open_graph(page, server, tuple(GROUPS.values()))
    wait_for_node(page, "office_holders")
    page.get_by_text("Hide navigation").click()
    page.wait_for_timeout(1500)
    is_wanted = os.environ.get("KEEP_SCREENSHOTS", "") not in ("", "0")
    target = (project_root / "docs" / "images" if is_wanted else tmp_path) / "asset_graph.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(target))
    assert target.stat().st_size > 20_000
