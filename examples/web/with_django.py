"""Django under ASGI, with async views. Django knows no lifespan: a Starlette around it opens the app.

$ python examples/web/with_django.py 8000
"""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import django
import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from shop import APP, fulfil
from starlette.applications import Starlette
from starlette.routing import Mount

from outlast import start
from outlast.http import asgi


@csrf_exempt
async def place(_: HttpRequest, order: str) -> JsonResponse:
    run = await start(fulfil(order), run_id=f"order-{order}")
    return JsonResponse({"run": run.id})


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[None]:
    async with APP:
        yield


urlpatterns = [path("orders/<str:order>", place)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
django.setup()
site = Starlette(
    routes=[Mount("/outlast", asgi(APP)), Mount("/", get_asgi_application())], lifespan=lifespan
)


if __name__ == "__main__":
    uvicorn.run(site, port=int(sys.argv[1]), timeout_graceful_shutdown=5)
