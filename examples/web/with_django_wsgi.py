"""Django under WSGI, with plain views: they wait with `outlast.blocking`.

    $ python examples/web/with_django_wsgi.py 8000

A server that forks opens the app in each process, not before.
"""

import sys

import django
from a2wsgi import ASGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from shop import APP, fulfil
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from outlast.blocking import opened, start
from outlast.http import asgi


@csrf_exempt
def place(_: HttpRequest, order: str) -> JsonResponse:
    run = start(fulfil(order), run_id=f"order-{order}")
    return JsonResponse({"run": run.id})


urlpatterns = [path("orders/<str:order>", place)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
django.setup()


if __name__ == "__main__":
    with opened(APP):
        http = ASGIMiddleware(asgi(APP), loop=APP.runtime.loop)
        site = DispatcherMiddleware(get_wsgi_application(), {"/outlast": http})
        make_server("127.0.0.1", int(sys.argv[1]), site, threaded=True).serve_forever()
