"""Flask: views wait with `outlast.blocking`, and a2wsgi mounts the HTTP app on the event loop of the app.

    $ python examples/web/with_flask.py 8000

A server that forks opens the app in each process, not before.
"""

import sys

from a2wsgi import ASGIMiddleware
from flask import Flask
from shop import APP, fulfil
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from outlast.blocking import opened, start
from outlast.http import asgi

flask = Flask(__name__)


@flask.post("/orders/<order>")
def place(order: str) -> dict[str, str]:
    run = start(fulfil(order), run_id=f"order-{order}")
    return {"run": run.id}


if __name__ == "__main__":
    with opened(APP):
        http = ASGIMiddleware(asgi(APP), loop=APP.runtime.loop)
        site = DispatcherMiddleware(flask, {"/outlast": http})
        make_server("127.0.0.1", int(sys.argv[1]), site, threaded=True).serve_forever()
