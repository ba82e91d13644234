using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.GoStdout;

/// <summary>
/// Shares equal resources and scopes, which every line repeats, as if the spans had come in one OTLP request. The number kept is bounded,
/// so a hostile file with a new resource on each line costs no more than having no groups.
/// </summary>
internal sealed class GoStdoutGroups
{
    private const int MostKept = 1024;

    private readonly Dictionary<Resource, Resource> _resources = [];
    private readonly Dictionary<InstrumentationScope, InstrumentationScope> _scopes = [];

    /// <summary>Returns the first resource that equals this one.</summary>
    public Resource Shared(Resource resource) => Shared(_resources, resource);

    /// <summary>Returns the first scope that equals this one.</summary>
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
