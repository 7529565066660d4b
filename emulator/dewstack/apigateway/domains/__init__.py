"""Custom domain names, which all kinds of APIs share: what is mapped at them, and where a request at one goes."""
