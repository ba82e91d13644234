using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Export;

/// <summary>A trace and its number in this database. Numbers increase in the order of arrival.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Id">Its id.</param>
public readonly record struct NumberedTrace(long Number, TraceId Id);
