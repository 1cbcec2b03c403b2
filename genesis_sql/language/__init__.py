"""Language models that propose a spec: asked, checked, cached, never run."""
