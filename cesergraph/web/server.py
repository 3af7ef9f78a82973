"""The live server: one site over the store's current version, replaced in full when a build brings a newer one."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from cesergraph import dumps
from cesergraph.catalogue import Options
from cesergraph.dumps import are_written
from cesergraph.errors import ParameterError, StoreError
from cesergraph.store import EmbeddedStore, open_store
from cesergraph.things import Things
from cesergraph.web.app import create_app
from cesergraph.web.files import site_files
from cesergraph.web.site import Site
from cesergraph.web.workers import PooledSource, WorkerPool

_log = logging.getLogger("cesergraph.web")
_LOOKS = 2.0
_LINGERS = 30.0
_BYTES_A_QUAD = 450
_SHARE = 0.2
_CONNECTIONS = 500


class Live:
    """The site as it stands, and the workers that answer its queries."""

    def __init__(self, path: Path, base: str, options: Options) -> None:
        self._path, self._base, self._options = path, base, options
        self._dumping: asyncio.subprocess.Process | None = None
        self.when_open: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def run(self, app: Starlette) -> AsyncIterator[None]:
        """Keep the application's site and pool up to date as long as it runs."""
        await self._open(app)
        self.when_open()
        watch = asyncio.create_task(self._watch(app))
        try:
            yield
        finally:
            watch.cancel()
            await app.state.pool.stop()
            if self._dumping is not None and self._dumping.returncode is None:
                self._dumping.terminate()
                await self._dumping.wait()

    async def _open(self, app: Starlette) -> None:
        store = open_store(self._path)
        pool = WorkerPool(store.folder)
        await pool.start()
        source = PooledSource(pool)
        if _fits(store):
            store = await asyncio.to_thread(EmbeddedStore, store.folder, in_memory=True)
        app.state.site = Site(store, source, Things(store.data, source), self._base, options=self._options)
        app.state.files = site_files(app.state.site)
        app.state.pool = pool
        if not are_written(store):
            # Beside the server, in a process of its own: 15 seconds of work for 500,000 quads.
            self._dumping = await asyncio.create_subprocess_exec(
                sys.executable, "-m", dumps.__name__, str(store.folder)
            )

    async def _watch(self, app: Starlette) -> None:
        while True:
            await asyncio.sleep(_LOOKS)
            former = app.state.pool
            try:
                if open_store(self._path).folder == app.state.site.store.folder:
                    continue
                await self._open(app)
            except StoreError as error:
                # The version that is open goes on answering; the next look may find a sound one.
                _log.warning("%s", error)
                continue
            await asyncio.sleep(_LINGERS)
            await former.stop()


def _fits(store: EmbeddedStore) -> bool:
    """Tell whether a fifth of the machine's memory holds a copy of a store."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return store.manifest.quads * _BYTES_A_QUAD < memory * _SHARE


def serve(
    path: Path, host: str, port: int, *, base: str | None, options: Options, say: Callable[[str, str], None]
) -> None:
    """Serve a store until interrupted; raise StoreError where there is none, ParameterError where it cannot listen.

    ``base`` is the public address where a proxy stands before this server; ``say`` is told, in French and English,
    what goes on. Port 0 takes a free one.
    """
    open_store(path)
    with closing(_listen(host, port)) as listening:
        own = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
        live = Live(path, base or own, options)
        config = uvicorn.Config(
            create_app(live.run),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=5,
        )
        say(f"Ouverture de {path}…", f"Opening {path}…")
        live.when_open = lambda: say(
            f"Le site est à {own} (Ctrl+C pour arrêter).", f"The site is at {own} (Ctrl+C stops it)."
        )
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()  # clients that come before all is open wait rather than being refused
    except (OSError, OverflowError) as error:
        raise ParameterError(
            fr=f"Impossible d'écouter à {host}:{port} ({error}) ; essayez un autre --port.",
            en=f"Cannot listen at {host}:{port} ({error}); try another --port.",
        ) from error
    return listening
