"""Microsoft Graph: who holds which licence in a customer's tenant, and how many units there are."""
