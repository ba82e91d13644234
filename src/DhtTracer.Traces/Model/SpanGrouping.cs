namespace DhtTracer.Traces.Model;

/// <summary>Groups spans as OTLP sends them: by resource, then by scope, both compared by value.</summary>
public static class SpanGrouping
{
    /// <summary>Groups spans. Groups are in the order of their first span, spans in the order given.</summary>
    public static IReadOnlyList<ResourceGroup> ByResourceAndScope(IEnumerable<Span> spans)
    {
        var groups = new List<ResourceGroup>();
        var byResource = new Dictionary<Resource, ResourceGroup>();
        var byScope = new Dictionary<(ResourceGroup Group, InstrumentationScope Scope), ScopeGroup>();
        ResourceGroup? resourceGroup = null;
        ScopeGroup? scopeGroup = null;
        foreach (var span in spans)
        {
            // Neighbouring spans usually share the same objects. Hashing all attributes of a resource per span would cost more than the
            // rest.
            if (resourceGroup is null || !ReferenceEquals(resourceGroup.Resource, span.Resource))
            {
                if (!byResource.TryGetValue(span.Resource, out resourceGroup))
                {
                    resourceGroup = new ResourceGroup(span.Resource);
                    byResource.Add(span.Resource, resourceGroup);
                    groups.Add(resourceGroup);
                }

                scopeGroup = null;
            }

            if (scopeGroup is null || !ReferenceEquals(scopeGroup.Scope, span.Scope))
            {
                if (!byScope.TryGetValue((resourceGroup, span.Scope), out scopeGroup))
                {
                    scopeGroup = new ScopeGroup(span.Scope);
                    byScope.Add((resourceGroup, span.Scope), scopeGroup);
                    resourceGroup.ScopeList.Add(scopeGroup);
                }
            }

            scopeGroup.SpanList.Add(span);
        }

        return groups;
    }
}

/// <summary>Spans of one resource.</summary>
public sealed class ResourceGroup
{
    internal ResourceGroup(Resource resource) => Resource = resource;

    public Resource Resource { get; }

    /// <summary>Its scopes, in the order of their first span.</summary>
    public IReadOnlyList<ScopeGroup> Scopes => ScopeList;

    internal List<ScopeGroup> ScopeList { get; } = [];
}

/// <summary>Spans of one resource and one scope.</summary>
public sealed class ScopeGroup
{
    internal ScopeGroup(InstrumentationScope scope) => Scope = scope;

    public InstrumentationScope Scope { get; }

    /// <summary>The spans, in the order given.</summary>
    public IReadOnlyList<Span> Spans => SpanList;

    internal List<Span> SpanList { get; } = [];
}
