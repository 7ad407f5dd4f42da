"""All addresses of the installation."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("seatwright.api.urls")),
    path("", include("seatwright.web.urls")),
]

handler400 = "seatwright.web.errors.bad_request"
handler403 = "seatwright.web.errors.not_allowed"
handler404 = "seatwright.web.errors.not_found"
handler500 = "seatwright.web.errors.broken"
