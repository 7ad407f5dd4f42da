"""The portal's addresses. Every one is here by name, none by include, so that the isolation probe can classify each."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.usersessions import views as sessions
from django.urls import path, re_path

from seatwright.web import (
    accounts,
    views_buy,
    views_change,
    views_customer,
    views_radar,
    views_renewal,
    views_requests,
    views_shell,
    views_staff,
    views_status,
)

RESET_KEY = r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$"

urlpatterns = [
    path("", views_customer.home, name="home"),
    path("o/<uuid:customer_id>/licences", views_customer.licences, name="licences"),
    path("o/<uuid:customer_id>/licences/preview", views_change.preview, name="preview"),
    path("o/<uuid:customer_id>/licences/review", views_change.review, name="review"),
    path("o/<uuid:customer_id>/catalogue", views_buy.catalogue, name="catalogue"),
    path("o/<uuid:customer_id>/catalogue/<str:product_key>", views_buy.product, name="product"),
    path("o/<uuid:customer_id>/catalogue/<str:product_key>/price", views_buy.price, name="purchase_price"),
    path("o/<uuid:customer_id>/catalogue/<str:product_key>/review", views_buy.review, name="purchase_review"),
    path("o/<uuid:customer_id>/catalogue/<str:product_key>/ask", views_buy.ask, name="ask_for_product"),
    path("o/<uuid:customer_id>/catalogue/<str:product_key>/self-service", views_buy.self_service, name="self_service"),
    path("o/<uuid:customer_id>/requests", views_requests.mine, name="requests"),
    path("o/<uuid:customer_id>/sync", views_customer.sync, name="sync"),
    path("o/<uuid:customer_id>/ahead", views_customer.ahead, name="ahead"),
    path("o/<uuid:customer_id>/people", views_customer.people, name="people"),
    path("o/<uuid:customer_id>/orders", views_customer.orders, name="orders"),
    path("o/<uuid:customer_id>/renewals", views_radar.radar, name="renewals"),
    path("subscriptions/<uuid:subscription_id>", views_customer.subscription, name="subscription"),
    path("subscriptions/<uuid:subscription_id>/renewal", views_renewal.schedule, name="schedule_renewal"),
    path("subscriptions/<uuid:subscription_id>/renewal/preview", views_renewal.preview, name="preview_renewal"),
    path("subscriptions/<uuid:subscription_id>/renewal/revoke", views_renewal.revoke, name="revoke_renewal"),
    path("subscriptions/<uuid:subscription_id>/status", views_status.status, name="change_status"),
    path("quotes/<uuid:quote_id>", views_change.quote, name="quote"),
    path("quotes/<uuid:quote_id>/again", views_change.requote, name="requote"),
    path("quotes/<uuid:quote_id>/book", views_change.book, name="book"),
    path("purchases/<uuid:quote_id>", views_buy.purchase, name="purchase"),
    path("purchases/<uuid:quote_id>/again", views_buy.repurchase, name="repurchase"),
    path("purchases/<uuid:quote_id>/book", views_buy.book, name="book_purchase"),
    path("orders/<uuid:order_id>", views_change.order, name="order"),
    path("orders/<uuid:order_id>/progress", views_change.progress, name="progress"),
    path("staff/customers", views_staff.customers, name="staff_customers"),
    path("staff/renewals", views_radar.staff_renewals, name="staff_renewals"),
    path("staff/requests", views_requests.desk, name="staff_requests"),
    path("staff/requests/<uuid:request_id>", views_requests.answer, name="answer_request"),
    path("staff/queue", views_staff.queue, name="staff_queue"),
    path("staff/clock", views_staff.advance_clock, name="advance_clock"),
    path("staff/subscriptions/<uuid:subscription_id>/adopt", views_staff.adopt, name="adopt"),
    path("staff/operations/<uuid:operation_id>/settle", views_staff.settle, name="settle"),
    path("language", views_shell.language, name="language"),
    path("palette", views_shell.palette, name="palette"),
    path("components", views_shell.components, name="components"),
    path("account/login/", account.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/confirm/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/password/change/", account.password_change, name="account_change_password"),
    path(
        "account/password/reset/",
        account.PasswordResetView.as_view(form_class=accounts.NewPasswordForm),
        name="account_reset_password",
    ),
    path("account/password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(RESET_KEY, account.password_reset_from_key, name="account_reset_password_from_key"),
    path(
        "account/password/reset/saved/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("account/two-step/", mfa.index, name="mfa_index"),
    path("account/two-step/code/", mfa.authenticate, name="mfa_authenticate"),
    path("account/two-step/on/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/two-step/off/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/two-step/recovery/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/two-step/recovery/new/", recovery_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path(
        "account/two-step/recovery/file/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("account/sessions/", sessions.list_usersessions, name="usersessions_list"),
]
