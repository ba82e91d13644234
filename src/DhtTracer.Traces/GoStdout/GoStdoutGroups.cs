namespace DhtTracer.Traces.GoStdout;

/// <summary>
/// Every line repeats resource and scope. Equal ones become one object, as if they had come in one OTLP request. Of bounded size: a hostile
/// file with a new resource on each line costs no more than having no groups.
/// </summary>
internal sealed class GoStdoutGroups
{
    private const int MostKept = 1024;

    private readonly Dictionary<Resource, Resource> _resources = [];
    private readonly Dictionary<InstrumentationScope, InstrumentationScope> _scopes = [];

    /// <summary>The first resource that is equal to this one.</summary>
    public Resource Shared(Resource resource) => Shared(_resources, resource);

    /// <summary>The first scope that is equal to this one.</summary>
    public InstrumentationScope Shared(InstrumentationScope scope) => Shared(_scopes, scope);

    private static T Shared<T>(Dictionary<T, T> known, T value)
        where T : notnull
    {
        if (known.TryGetValue(value, out var first))
        {
            return first;
        }

        if (known.Count < MostKept)
        {
            known.Add(value, value);
        }

        return value;
    }
}
