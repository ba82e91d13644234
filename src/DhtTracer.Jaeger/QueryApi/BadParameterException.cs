namespace DhtTracer.Jaeger.QueryApi;

/// <summary>A parameter of a request that cannot be read.</summary>
/// <param name="message">Names the parameter and says what was expected.</param>
public sealed class BadParameterException(string message) : Exception(message);
