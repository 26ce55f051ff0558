"use strict";
/* No validator: it would send the document to another site. */
SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null, tryItOutEnabled: true });
